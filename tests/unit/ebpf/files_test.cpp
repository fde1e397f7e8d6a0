#include <algorithm>

#include <catch2/catch.hpp>

#include "backends/ebpf/digest.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/program.hpp"
#include "compiler/ir/l4/text.hpp"

namespace portcullis::ebpf {

TEST_CASE("ebpf: a node's files hold the program, and sums of all of them") {
  CHECK(sha256(std::string_view("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto program = ir::read(sources.add("program.ir", "program n1 ipv4 dialect nftables\nlocal 192.168.0.1\n"),
                                sources, diagnostics);
  REQUIRE(program);
  const netfilter::Artefact artefact = emit(std::span(&*program, 1), diagnostics);
  const auto file = [&](std::string_view name) -> const std::string& {
    const auto found = std::ranges::find(artefact.files, name, &netfilter::File::name);
    REQUIRE(found != artefact.files.end());
    return found->text;
  };
  CHECK(sha256(file("program.o")) == program_digest());
  CHECK(file("node.pcl").find("\nprogram " + program_digest() + "\n") != std::string::npos);
  const std::string& sums = file("SHA256SUMS");
  for (const netfilter::File& f : artefact.files) {
    if (f.name != "SHA256SUMS") CHECK(sums.find(sha256(f.text) + "  " + f.name + "\n") != std::string::npos);
  }
}

}  // namespace portcullis::ebpf
