// OSC: messages of numbers and texts to packets, and back. "OSC 1.0" (Wright, 2002).
#pragma once

#include <cstdint>
#include <cstring>

namespace composer {

/** A message that is being written into memory of its own; too much is left out. */
class OscWriter {
  public:
    explicit OscWriter(const char* address, const char* types) noexcept {
        text(address);
        char tags[24] = ",";
        std::strncat(tags, types, sizeof tags - 2);
        text(tags);
    }

    OscWriter& i(std::int32_t value) noexcept { return word(static_cast<std::uint32_t>(value)); }

    OscWriter& f(float value) noexcept {
        std::uint32_t bits;
        std::memcpy(&bits, &value, 4);
        return word(bits);
    }

    OscWriter& d(double value) noexcept {
        std::uint64_t bits;
        std::memcpy(&bits, &value, 8);
        word(static_cast<std::uint32_t>(bits >> 32));
        return word(static_cast<std::uint32_t>(bits));
    }

    OscWriter& s(const char* value) noexcept {
        text(value);
        return *this;
    }

    const char* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

  private:
    char data_[512] = {};
    std::size_t size_ = 0;

    void text(const char* value) noexcept {
        const std::size_t length = std::strlen(value);
        const std::size_t padded = (length / 4 + 1) * 4;
        if (size_ + padded > sizeof data_) return;
        std::memcpy(data_ + size_, value, length);
        size_ += padded;
    }

    OscWriter& word(std::uint32_t bits) noexcept {
        if (size_ + 4 > sizeof data_) return *this;
        for (int shift = 24; shift >= 0; shift -= 8)
            data_[size_++] = static_cast<char>(bits >> shift);
        return *this;
    }
};

/** A packet that is one message of numbers; whatever else it may be is no message. */
class OscReader {
  public:
    OscReader(const char* data, std::size_t size) noexcept : data_(data), size_(size) {
        const std::size_t after = end_of_text(0);
        if (!after || data[0] != '/' || after >= size || data[after] != ',') return;
        const std::size_t values = end_of_text(after);
        if (!values) return;
        address_ = data;
        types_ = data + after + 1;
        at_ = values;
    }

    /** Whether this is a message to an address. */
    bool is(const char* address) const noexcept {
        return address_ && std::strcmp(address_, address) == 0;
    }

    /** The next argument as a number; 0 where it is none, and `good` is false from then on. */
    double number() noexcept {
        const char type = good && types_ ? *types_ : '\0';
        const std::size_t bytes = type == 'd' || type == 'h' ? 8 : 4;
        if ((type != 'i' && type != 'f' && type != 'd' && type != 'h') || at_ + bytes > size_) {
            good = false;
            return 0.0;
        }
        ++types_;
        std::uint64_t bits = 0;
        for (std::size_t byte = 0; byte < bytes; ++byte)
            bits = bits << 8 | static_cast<unsigned char>(data_[at_++]);
        if (type == 'i') return static_cast<std::int32_t>(bits);
        if (type == 'h') return static_cast<double>(static_cast<std::int64_t>(bits));
        if (type == 'd') {
            double value;
            std::memcpy(&value, &bits, 8);
            return value;
        }
        const std::uint32_t half = static_cast<std::uint32_t>(bits);
        float value;
        std::memcpy(&value, &half, 4);
        return value;
    }

    bool good = true;

  private:
    const char* data_;
    std::size_t size_;
    const char* address_ = nullptr;
    const char* types_ = nullptr;
    std::size_t at_ = 0;

    /** Where the padding behind the text at a place ends; 0 if it does not end. */
    std::size_t end_of_text(std::size_t start) const noexcept {
        const void* zero = start < size_ ? std::memchr(data_ + start, 0, size_ - start) : nullptr;
        if (!zero) return 0;
        const std::size_t length = static_cast<const char*>(zero) - (data_ + start);
        const std::size_t after = start + (length / 4 + 1) * 4;
        return after <= size_ ? after : 0;
    }
};

}  // namespace composer
