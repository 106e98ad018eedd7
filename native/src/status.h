// How failures travel inside the library: one exception type that carries the status and the sentence.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "sidr/sidr.h"

namespace sidr {

class Failure : public std::runtime_error {
public:
    Failure(sidr_status status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}
    sidr_status status() const noexcept { return status_; }

private:
    sidr_status status_;
};

[[noreturn]] inline void Fail(sidr_status status, const std::string& sentence) { throw Failure(status, sentence); }

// Refuses an argument. The sentence is put together only where the condition fails: checks run on every step.
#define SIDR_REQUIRE(condition, ...) ((condition) ? static_cast<void>(0) : ::sidr::Fail(SIDR_INVALID_ARGUMENT, __VA_ARGS__))

template <class T>
std::string Str(T value) { return std::to_string(value); }
inline std::string Quoted(const std::string& text) { return "'" + text + "'"; }

}  // namespace sidr
