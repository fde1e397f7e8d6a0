#include "backends/haproxy/sections.hpp"

#include <map>

#include <fmt/format.h>

#include "backends/haproxy/rewrite.hpp"
#include "backends/haproxy/rules.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::Backend;
using ir::l7::Protocol;

std::string_view transport(Protocol protocol) {
  switch (protocol) {
    case Protocol::https:
      return " ssl verify none";
    case Protocol::grpc:
      return " proto h2";
    case Protocol::grpcs:
      return " ssl verify none alpn h2";
    default:
      return "";
  }
}

class Printer {
 public:
  std::string print(const std::vector<Treatment>& treatments) {
    for (std::size_t t = 0; t < treatments.size(); ++t)
      for (std::size_t p = 0; p < treatments[t].parts.size(); ++p)
        for (std::size_t c = 0; c < treatments[t].parts[p].choices.size(); ++c) {
          name_ = section_name(treatments[t], t, p, c);
          section(treatments[t].parts[p].choices[c].section);
        }
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += "  ";
    out_ += text;
    out_ += '\n';
  }

  void section(const Section& section) {
    out_ += fmt::format("\nbackend {}\n", name_);
    if (section.target) line("description " + word(section.target->service));
    for (const Rule& rule : section.rules) line(line_of(rule));
    if (section.target) forward(*section.target);
  }

  void forward(const Target& target) {
    if (target.rewrite) {
      const std::string condition = fmt::format("{{ var(txn.path) -m reg -- {} }}", rewrite_condition(*target.rewrite));
      line(fmt::format("http-request set-var(txn.new) {} if {}", word(rewrite_expression(*target.rewrite)), condition));
      line("http-request return status 500 if { var(txn.new) -m found } { var(txn.new) -m len 0 }");
      line(
          "http-request set-pathq %[var(txn.new)]%[pathq,regsub(^[^?]*,),regsub(^[?]$,)] if { var(txn.new) -m found }");
    }
    line("http-request set-header X-Forwarded-For %[src]");
    line("http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]");
    if (!target.host.empty()) line("http-request set-header Host " + word(format_literal(target.host)));
    if (target.dead()) return line(fmt::format("http-request return status {}", target.status));
    if (!target.cookie.empty()) {
      line(fmt::format("cookie {} insert indirect nocache httponly dynamic", target.cookie));
      line("dynamic-cookie-key portcullis");
    }
    std::size_t number = 0;
    for (const auto& [address, port] : target.servers) {
      ++number;
      server(target.via == Backend::Via::cluster_ip ? fmt::format("cluster-ip-{}", number) : fmt::format("e{}", number),
             net::endpoint_text(address, port), transport(target.protocol));
    }
    if (!target.external.empty()) {
      server("name", fmt::format("{}:{}", target.external, target.external_port),
             fmt::format("{} resolvers system init-addr last,none", transport(target.protocol)));
    }
  }

  void server(const std::string& name, const std::string& address, std::string_view how) {
    const auto [first, is_new] = checked_.try_emplace(address + std::string(how), name_ + "/" + name);
    line(fmt::format("server {} {} {}{}", name, address, is_new ? "check" : "track " + first->second, how));
  }

  std::string out_, name_;
  std::map<std::string, std::string> checked_;  // server → where it is checked
};

}  // namespace

std::string part_name(const Treatment& treatment, std::size_t number, std::size_t part) {
  return treatment.parts.size() == 1 ? fmt::format("t{}", number) : fmt::format("t{}-{}", number, part);
}

std::string section_name(const Treatment& treatment, std::size_t number, std::size_t part, std::size_t choice) {
  const std::string name = part_name(treatment, number, part);
  return treatment.parts[part].choices.size() == 1 ? name : fmt::format("{}.{}", name, choice);
}

std::string print_sections(const std::vector<Treatment>& treatments) {
  return Printer().print(treatments);
}

std::string fingerprint(const Treatment& treatment) {
  std::string out = print_sections({treatment});
  for (const Part& part : treatment.parts) {
    out += conditions(part.when);
    for (const Choice& choice : part.choices) out += fmt::format(" {}", choice.weight);
    out += '\n';
  }
  return out;
}

}  // namespace portcullis::haproxy
