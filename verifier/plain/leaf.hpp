// One end that a packet can come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "backends/netfilter/chance.hpp"
#include "compiler/net/address.hpp"
#include "verifier/plain/terms.hpp"

namespace portcullis::plain {

using netfilter::Rational;

// The leaves of one side with `when` true of a packet are its distribution over fates: their weights sum to 1.
struct Leaf {
  enum class End : std::uint8_t { passed, dropped, rejected, unrecognised };

  Bit when;         // for these packets …
  Rational weight;  // … with this probability
  End end = End::passed;
  std::string form;  // of unrecognised

  bool translated = false;
  net::Address address;  // of translated
  std::uint16_t port = 0;
  std::string label;  // the memory that is renewed; empty: none
  std::optional<std::uint32_t> seconds;

  // Of passed.
  Bit local = Bit::of(false);       // handed to this node
  Bit accepted = Bit::of(false);    // untranslated, and an explicit accept at input, forward or output
  Bit masquerade = Bit::of(false);  // decided; seen only where the packet reaches postrouting
};

}  // namespace portcullis::plain
