// How much is told without asking the solver. All give the same verdicts.
#pragma once

#include <cstdint>

namespace portcullis::obligations {

enum class Method : std::uint8_t {
  // What looks alike is asked once; lemmas and packets that are tried spare the solver what they can.
  shapes,
  // Every question by itself.
  each,
  // Of a ruleset, every region by the plain encoding (translation_plain.hpp). Of the network, every question by itself,
  // and with all that its ways ask of a source: nothing is decided by comparing prefixes.
  plain,
};

}  // namespace portcullis::obligations
