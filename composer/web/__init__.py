"""The page in the browser, and the interface for programs: HTTP and a WebSocket."""
