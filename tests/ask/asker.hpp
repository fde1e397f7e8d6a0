// Tables in the kernel's maps, and questions to the program that reads them. Nothing is pinned or attached: all of it
// ends with the object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "backends/ebpf/bpf/types.h"
#include "backends/ebpf/tables.hpp"
#include "compiler/net/packet.hpp"

namespace portcullis::ask {

struct Question {
  net::Packet packet;
  // The endpoint that the source had last.
  std::optional<std::pair<net::Address, std::uint16_t>> remembered;
  std::uint32_t random = 0;
  std::uint32_t generation = 0;  // only this one has tables
};

struct Answer {
  ebpf::Verdict verdict = ebpf::Verdict::none;
  net::Address address;  // of dnat
  std::uint16_t port = 0;
  bool masquerade = false;
  bool operator==(const Answer&) const = default;
  [[nodiscard]] std::string text() const;
};

class Asker {
 public:
  // Needs root. Throws loader::CannotDo.
  explicit Asker(const ebpf::Tables& tables);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  [[nodiscard]] Answer ask(const Question& question) const;
  // Mean nanoseconds that the kernel takes for one, of `repeat`.
  [[nodiscard]] double nanoseconds(const Question& question, unsigned repeat) const;

 private:
  struct Loaded;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace portcullis::ask
