// One of the two things that are compared, seen destination by destination.
#pragma once

#include <vector>

#include "verifier/specialise/consulted.hpp"
#include "verifier/specialise/residual.hpp"

namespace portcullis::specialise {

class Side {
 public:
  Side() = default;
  Side(const Side&) = delete;
  Side& operator=(const Side&) = delete;
  virtual ~Side() = default;

  // What is left when the destination is known. Every destination that no cut of the consulted tests tells apart from
  // this one has the same diagram.
  [[nodiscard]] virtual NodeId residual(const Key& key, const Path& path) = 0;
  // Of the last residual.
  [[nodiscard]] virtual const Consulted& consulted() const = 0;
  // How many tests there are; they are numbered from 0.
  [[nodiscard]] virtual std::size_t tests() const = 0;
  // Both append to `cuts`. For packets of one protocol: what is asked of the others alone is no cut.
  virtual void address_cuts(std::uint32_t test, net::Protocol protocol, std::vector<AddressCut>& cuts) const = 0;
  virtual void port_cuts(std::uint32_t test, const net::Address& destination, net::Protocol protocol,
                         std::vector<PortCut>& cuts) = 0;
};

}  // namespace portcullis::specialise
