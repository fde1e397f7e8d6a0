// What print writes is read; any other line is refused, and where it stands is said.
#include <catch2/catch.hpp>

#include "backends/haproxy/haproxy.hpp"

namespace portcullis::haproxy {

namespace {

using namespace ir::l7;

// A router with something of everything: weights, a choice by header, ranges, a rewrite, a regular expression.
Router router() {
  Router out;
  out.name = "nginx";
  out.host_form = HostForm::nginx;
  out.path_form = PathForm::nginx;
  out.certificates = {{"", {}}, {"shop/tls", {"shop.d"}}};
  out.tls = {{{HostPattern::Kind::exact, "shop.d"}, 1, {}}};
  out.tls_names = {"shop.d"};
  out.ranges = {{"shop/office", net::PrefixSet({*net::Prefix::parse("192.0.2.0/24")})}};
  for (const char* service : {"shop/a:80", "shop/b:80"})
    out.backends.push_back(
        {service, Backend::Via::endpoints, {{net::Address::v4(0x0A640001), 8080}}, "", 0, 503, false, "", "", {}});
  Condition header;
  header.kind = Condition::Kind::header_is;
  header.name = "X-Canary";
  header.values = {"always"};
  Condition outside;
  outside.kind = Condition::Kind::source_in;
  outside.negated = true;
  const Forward one{{{1, 1}}, {}, "", Protocol::http, {}, {}};
  const Forward both{{{0, 7}, {1, 3}}, Rewrite{"/x(.*)", "$1"}, "up.d", Protocol::https, {}, {}};
  out.treatments = {{{{}, Reply{404}, {}}}, {{{outside}, Refuse{403}, {}}, {{header}, one, {}}, {{}, both, {}}}};
  HostEntry host;
  host.names = {{HostPattern::Kind::exact, "shop.d"}, {HostPattern::Kind::one_label, "d"}};
  host.routes = {{{PathMatch::Kind::regex, "/[ab]", true}, 1, "", {}},
                 {{PathMatch::Kind::prefix, "/a/", false}, 1, "", {}}};
  out.hosts = {host};
  return out;
}

Files files() {
  base::Diagnostics diagnostics;
  return emit(router(), diagnostics).value();
}

}  // namespace

TEST_CASE("what was written is read, and printed the same") {
  const auto read = read_configuration(files());
  const auto* configuration = std::get_if<Configuration>(&read);
  REQUIRE(configuration != nullptr);
  for (const auto& [name, text] : print(*configuration)) CHECK(files().at(name) == text);
}

TEST_CASE("every line of every file counts") {
  const Files written = files();
  std::size_t edits = 0;
  for (const auto& [name, text] : written) {
    if (name == "apply.sh") continue;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin) + 1;
      Files edited = written;
      edited[name].insert(end - 1, "x");
      INFO(name << ": " << text.substr(begin, end - begin));
      const auto read = read_configuration(edited);
      // A name of a router, of ranges, of a host or a Secret may be another one; then it is another configuration.
      if (const auto* other = std::get_if<Configuration>(&read)) {
        const auto unchanged = read_configuration(written);
        CHECK_FALSE(*other == std::get<Configuration>(unchanged));
      } else {
        CHECK_FALSE(std::get<ReadError>(read).message.empty());
      }
      ++edits;
      begin = end;
    }
  }
  CHECK(edits > 80);
}

TEST_CASE("a file that is missing is told") {
  for (const auto& [name, text] : files()) {
    if (name == "apply.sh") continue;
    Files fewer = files();
    fewer.erase(name);
    INFO(name);
    CHECK(std::holds_alternative<ReadError>(read_configuration(fewer)));
  }
}

}  // namespace portcullis::haproxy
