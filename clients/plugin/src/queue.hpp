// Queue: from one thread to one other, without locks and without memory of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace composer {

/** A ring of at most `Size - 1` values; one thread pushes, one other pops. Neither ever waits. */
template <typename Value, std::size_t Size>
class Queue {
    static_assert((Size & (Size - 1)) == 0, "a power of two");

  public:
    /** Put a value at the end. Returns false, and leaves everything, where the ring is full. */
    bool push(const Value& value) noexcept {
        const std::size_t end = end_.load(std::memory_order_relaxed);
        const std::size_t next = (end + 1) & (Size - 1);
        if (next == begin_.load(std::memory_order_acquire)) return false;
        values_[end] = value;
        end_.store(next, std::memory_order_release);
        return true;
    }

    /** Take the value at the beginning. Returns false where there is none. */
    bool pop(Value& value) noexcept {
        const std::size_t begin = begin_.load(std::memory_order_relaxed);
        if (begin == end_.load(std::memory_order_acquire)) return false;
        value = values_[begin];
        begin_.store((begin + 1) & (Size - 1), std::memory_order_release);
        return true;
    }

  private:
    std::array<Value, Size> values_{};
    alignas(64) std::atomic<std::size_t> begin_{0};
    alignas(64) std::atomic<std::size_t> end_{0};
};

}  // namespace composer
