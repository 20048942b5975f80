"""Play a phrase to composer and print its answer.

    composer serve
    python jam.py 60 62 64 67

Needs python-osc (pip install python-osc).
"""

from __future__ import annotations

import argparse
import threading
import time

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import ThreadingOSCUDPServer
from pythonosc.udp_client import SimpleUDPClient


def main() -> None:
    """Send the phrase, wait for the answer, print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("pitches", type=int, nargs="+")
    parser.add_argument("--port", type=int, default=9190, help="composer's --osc-port")
    given = parser.parse_args()
    ended = threading.Event()

    def play(address: str, pitch: int, velocity: int, channel: int) -> None:
        if velocity:
            print(f"play {pitch} velocity {velocity} channel {channel}", flush=True)

    def end(address: str, number: int, count: int) -> None:
        print(f"reply {number} has {count} notes", flush=True)
        ended.set()

    def error(address: str, number: object, text: str) -> None:
        print(f"composer: {text}", flush=True)
        ended.set()

    dispatcher = Dispatcher()
    dispatcher.map("/composer/play", play)
    dispatcher.map("/composer/phrase/end", end)
    dispatcher.map("/composer/error", error)
    # Any free port; composer is asked to send there too.
    listener = ThreadingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    composer = SimpleUDPClient("127.0.0.1", given.port)
    composer.send_message("/composer/subscribe", listener.server_address[1])
    for pitch in given.pitches:
        composer.send_message("/composer/note", [pitch, 100, 1, 0.2])
        time.sleep(0.25)
    composer.send_message("/composer/phrase/end", [])
    if not ended.wait(10):
        raise SystemExit("no answer: is composer serve running?")
    time.sleep(2)
    listener.shutdown()
    listener.server_close()


if __name__ == "__main__":
    main()
