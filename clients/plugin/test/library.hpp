// Library: a plug-in's binary, loaded by the hosts for tests, on Linux and on Windows.
#pragma once

#ifdef _WIN32

#include <windows.h>

inline void* load(const char* path) { return reinterpret_cast<void*>(LoadLibraryA(path)); }

inline void* symbol(void* library, const char* name) {
    return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

inline const char* problem() { return "LoadLibrary failed"; }

#else

#include <dlfcn.h>

inline void* load(const char* path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL); }

inline void* symbol(void* library, const char* name) { return dlsym(library, name); }

inline const char* problem() { return dlerror(); }

#endif
