// How a node that differs from an artefact is described: lines of the artefact's own text.
#include <catch2/catch.hpp>

#include "backends/ebpf/loader/status.hpp"

namespace {

using portcullis::ebpf::loader::Difference;
using portcullis::ebpf::loader::differences;

const std::string text =
    "portcullis ebpf 1\n"
    "pods 10.244.0.0/16\n"
    "local 192.168.0.10 scope 1\n"
    "pool 0 default/web:80 tcp { 10.244.0.5:8080 }\n"
    "route tcp 10.96.0.20:80 default/web:80 pools 0 : * dnat\n"
    "route tcp scope 1:30080 default/web:80 pools 0 : * dnat\n";

std::string with(const std::string& from, const std::string& to) {
  std::string out = text;
  out.replace(out.find(from), from.size(), to);
  return out;
}

}  // namespace

TEST_CASE("equal texts have no difference") {
  CHECK(differences(text, text).empty());
}

TEST_CASE("a line about the same thing is different") {
  CHECK(differences(text, with("10.244.0.5:8080", "10.244.0.6:8080")) ==
        std::vector<Difference>{{"different", "pool 0 default/web:80 tcp { 10.244.0.5:8080 }",
                                 "pool 0 default/web:80 tcp { 10.244.0.6:8080 }"}});
  CHECK(differences(text, with("10.244.0.0/16", "10.0.0.0/8")) ==
        std::vector<Difference>{{"different", "pods 10.244.0.0/16", "pods 10.0.0.0/8"}});
}

TEST_CASE("a route to another destination is missing and unknown") {
  CHECK(differences(text, with("scope 1:30080", "scope 1:30081")) ==
        std::vector<Difference>{{"missing", "route tcp scope 1:30080 default/web:80 pools 0 : * dnat", ""},
                                {"unknown", "", "route tcp scope 1:30081 default/web:80 pools 0 : * dnat"}});
  CHECK(differences(text, with("10.96.0.20:80", "10.96.0.20:81")).size() == 2);
}
