// The files of the backend.
#include <fmt/format.h>

#include "backends/ebpf/apply_script.hpp"
#include "backends/ebpf/batch.hpp"
#include "backends/ebpf/companion.hpp"
#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "backends/netfilter/conntrack_script.hpp"

namespace portcullis::ebpf {

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const std::byte b : bytes) out.push_back(static_cast<char>(b));
  return out;
}

std::string sums(const netfilter::Artefact& artefact) {
  std::string out;
  for (const netfilter::File& file : artefact.files) out += fmt::format("{}  {}\n", sha256(file.text), file.name);
  return out;
}

}  // namespace

netfilter::Artefact emit(std::span<const ir::Program> programs, base::Diagnostics& diagnostics) {
  netfilter::Artefact out;
  const Tables tables = lower(programs, program_digest(), diagnostics);
  const std::string text = print(tables);
  out.files.push_back({"node.pcl", text, false});
  out.files.push_back({"program.o", text_of(program()), false});
  out.files.push_back({"companion.nft", companion(tables), false});
  out.files.push_back({"conntrack.sh", netfilter::conntrack_script(programs), true});
  out.files.push_back({"maps.batch", batch(entries(tables)), false});
  out.files.push_back({"apply.sh", apply_script(tables, text), true});
  out.files.push_back({"SHA256SUMS", sums(out), false});
  return out;
}

}  // namespace portcullis::ebpf
