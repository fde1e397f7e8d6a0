#include "backends/ebpf/limits.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/base/catalogue.hpp"
#include "compiler/ir/l4/text.hpp"

namespace portcullis::ebpf {

namespace {

std::vector<std::string> said(const std::string& lines) {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  const auto program =
      ir::read(sources.add("program.ir", "program n1 ipv4 dialect nftables\ndetector cidr 10.244.0.0/16\n" + lines),
               sources, diagnostics);
  REQUIRE(program);
  check_limits(*program, diagnostics);
  std::vector<std::string> out;
  for (const base::Diagnostic& d : diagnostics.all()) {
    out.push_back(std::string(base::to_string(d.severity)) + " " + d.code + " " +
                  d.message.substr(0, d.message.find(':')));
  }
  return out;
}

}  // namespace

TEST_CASE("ebpf: differences are told where the program meets them") {
  using Said = std::vector<std::string>;
  CHECK(said("").empty());
  const std::string pool = "pool web tcp { 10.244.0.5:80 local 10.244.1.5:80 }\n";
  CHECK(said(pool + "route service/cluster-ip web tcp 10.96.0.7:80 -> balance web\n") ==
        Said{"info PC5002 eBPF D1", "info PC5002 eBPF D2", "info PC5002 eBPF D7"});
  CHECK(said(pool + "route service/cluster-ip web tcp 10.96.0.7:80 -> balance web masquerade off-cluster\n"
                    "stage check web tcp 10.96.0.8:80 input forward output new -> reject\n") ==
        Said{"info PC5002 eBPF D1", "info PC5002 eBPF D2", "info PC5002 eBPF D3", "info PC5002 eBPF D6",
             "info PC5002 eBPF D7"});
  CHECK(said(pool + "route service/external-ip web tcp 192.0.2.1:80 from pod -> balance web affinity 60s ; -> balance "
                    "web local affinity 60s\n") == Said{"info PC5002 eBPF D1", "info PC5002 eBPF D2",
                                                        "info PC5002 eBPF D4", "info PC5003 eBPF",
                                                        "info PC5002 eBPF D7"});
  const auto sctp =
      said("pool web sctp { 10.244.0.5:80 }\nroute service/cluster-ip web sctp 10.96.0.7:80 -> balance web\n");
  CHECK(std::ranges::count(sctp, "error PC5001 eBPF D5") == 1);
}

TEST_CASE("ebpf: every limit is a code of the catalogue") {
  std::size_t named = 0;
  for (const Limit& limit : limits()) {
    CHECK(base::find_rule(limit.code) != nullptr);
    CHECK_FALSE(limit.why.empty());
    named += limit.name.empty() ? 0 : 1;
  }
  CHECK(named == 7);  // D1 to D7
}

}  // namespace portcullis::ebpf
