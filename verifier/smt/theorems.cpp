#include "verifier/smt/theorems.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/file.hpp"

namespace portcullis::smt {

namespace {

constexpr std::string_view steps_word = "; steps ";

// FNV-1a. Two scripts of one digest only ask each other's place.
std::uint64_t digest(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return h;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

Theorems::Theorems(std::string directory, std::string prover)
    : directory_(std::move(directory)), prover_(std::move(prover)) {}

std::string Theorems::path(std::string_view script) const {
  return fmt::format("{}/{:016x}.smt2", directory_, digest(script));
}

std::optional<std::uint64_t> Theorems::find(std::string_view script) const {
  std::string text;
  if (base::read_file(path(script), text)) return {};
  std::string_view rest = text;
  const std::string head = fmt::format("; {}\n{}", prover_, steps_word);
  if (!rest.starts_with(head)) return {};
  rest.remove_prefix(head.size());
  std::uint64_t steps = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), steps);
  if (error != std::errc{}) return {};
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.starts_with('\n') || rest.substr(1) != script) return {};
  return steps;
}

void Theorems::keep(std::string_view script, std::uint64_t steps) const {
  (void)base::write_file(path(script), fmt::format("; {}\n{}{}\n{}", prover_, steps_word, steps, script));
}

// Z3 calls them `$x12` and `?x12`.
std::string renumbered(std::string_view script) {
  std::string out;
  out.reserve(script.size());
  std::unordered_map<std::string_view, std::size_t> numbers;
  for (std::size_t i = 0; i < script.size();) {
    const bool name = (script[i] == '$' || script[i] == '?') && i + 2 < script.size() && script[i + 1] == 'x' &&
                      is_digit(script[i + 2]) && (i == 0 || script[i - 1] == '(' || script[i - 1] == ' ');
    if (!name) {
      out += script[i++];
      continue;
    }
    std::size_t end = i + 2;
    while (end < script.size() && is_digit(script[end])) ++end;
    const auto number = numbers.try_emplace(script.substr(i, end - i), numbers.size() + 1).first->second;
    out += script.substr(i, 2);
    out += std::to_string(number);
    i = end;
  }
  return out;
}

}  // namespace portcullis::smt
