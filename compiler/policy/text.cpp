#include "compiler/policy/text.hpp"

#include <fmt/format.h>

#include "compiler/net/prefix_algebra.hpp"

namespace portcullis::policy {

namespace {

std::string text(const Frontend& f) {
  const std::string protocol =
      f.protocol == net::Protocol::tcp ? std::string{} : fmt::format("/{}", net::lower_name(f.protocol));
  const std::string place = f.address ? net::endpoint_text(*f.address, f.port) : std::to_string(f.port);
  return fmt::format("{} {}{}", to_string(f.kind), place, protocol);
}

std::string text(const std::vector<Frontend>& frontends) {
  std::string out;
  for (const Frontend& f : frontends) out += (out.empty() ? "" : ", ") + text(f);
  return out;
}

// A range of addresses as a prefix where it is one.
std::string text(const net::PrefixSet& set) {
  std::string out;
  for (const auto& [first, last] : net::runs(set)) {
    int length = first.bits();
    while (length > 0 && net::Prefix(first, length).last() < last) --length;
    const net::Prefix prefix(first, length);
    out += " ";
    if (first == last) {
      out += first.text();
    } else if (prefix.address() == first && prefix.last() == last) {
      out += prefix.text();
    } else {
      out += fmt::format("{}–{}", first.text(), last.text());
    }
  }
  return out;
}

std::string line(std::string_view word, std::string_view value) {
  return fmt::format("    {:<9} {}\n", word, value);
}

std::string requests(const RequestDestination& to) {
  std::string out = "requests for " + to.host;
  out += to.path.empty() ? ", any path" : to.path == "/" ? ", path / and below" : ", path " + to.path + " and below";
  for (const std::string& path : to.except) out += ", but not " + path;
  return out;
}

struct QuestionText {
  std::string operator()(const ReachableQuestion& q) const {
    const std::string survives =
        q.surviving == 0 ? std::string{} : line("surviving", fmt::format("any {} lost", q.surviving));
    return line("reachable", policy::text(q.to)) + line("from", policy::text(*q.from)) + survives;
  }
  std::string operator()(const UnreachableQuestion& q) const {
    return line("never", policy::text(q.to)) + line("from", policy::text(*q.from));
  }
  std::string operator()(const OnlyQuestion& q) const {
    return line("never", policy::text(q.to)) + line("from", policy::text(*q.others)) +
           line("allowed", policy::text(*q.allowed));
  }
  std::string operator()(const PreservesSourceQuestion& q) const {
    return line("source of", policy::text(*q.from)) + line("seen by", policy::text(q.to));
  }
  std::string operator()(const SameFateQuestion& q) const {
    return line("same fate", text(q.first)) + line(q.with_source ? "and source" : "as", text(q.second));
  }
  std::string operator()(const RequestReachableQuestion& q) const {
    const std::string survives =
        q.surviving == 0 ? std::string{} : line("surviving", fmt::format("any {} lost", q.surviving));
    return line("reachable", fmt::format("GET {}{}", q.to.host, q.to.path.empty() ? "/" : q.to.path)) +
           line("from", policy::text(*q.from)) + survives;
  }
  std::string operator()(const RequestUnreachableQuestion& q) const {
    return line("never", requests(q.to)) + line("from", policy::text(*q.from)) +
           (q.allowed == nullptr ? std::string{} : line("allowed", policy::text(*q.allowed)));
  }
  std::string operator()(const ForbiddenQuestion& q) const {
    std::string out = line("nobody", fmt::format("has a {}", to_string(q.exposure)));
    for (const ForbiddenQuestion::Offender& o : q.offenders)
      out += line("but", fmt::format("{}: {}", o.object.text(), o.what));
    return out;
  }
  std::string operator()(const NoConflictsQuestion& q) const {
    std::string out = line("no key", "has two owners");
    for (const cluster::Claim* claim : q.conflicts)
      out += line("but", fmt::format("{} {}", to_string(claim->kind), claim->key));
    return out;
  }
  std::string operator()(const SettledQuestion& q) const { return line("holds", q.reason); }
  std::string operator()(const UnsupportedQuestion& q) const { return line("undecided", q.reason); }
};

}  // namespace

std::string Obligation::name() const {
  const std::string name = fmt::format("{}: {}", sentence->place, sentence->text);
  return sentence->several ? fmt::format("{} [{}]", name, about) : name;
}

std::string text(const Sources& sources) {
  std::string out;
  for (const SourceGroup& group : sources.groups) {
    if (!out.empty()) out += "; ";
    out += to_string(group.origin);
    if (group.origin != Origin::outside) out += group.node.empty() ? " somewhere" : " on " + group.node;
    out += ":";
    out += text(group.addresses);
  }
  return out;
}

std::string text(const Destination& destination) {
  struct Visitor {
    std::string operator()(const ServiceDestination& d) const {
      const std::string name = name_of(Destination(d));
      return name + (d.frontends.empty() ? " at its endpoints" : " by " + text(d.frontends));
    }
    std::string operator()(const PodDestination& d) const {
      std::string out = d.workload.text() + " at";
      for (const cluster::Pod* pod : d.pods) {
        for (const net::Address& address : pod->addresses) out += " " + address.text();
      }
      return out + ", " + d.ports.text();
    }
    std::string operator()(const AddressDestination& d) const {
      std::string out = d.address.text();
      if (!d.owner.empty()) out += " of " + d.owner;
      out += ", " + d.ports.text();
      if (!d.frontends.empty()) out += ", with " + text(d.frontends);
      return out;
    }
    std::string operator()(const DoorsDestination& d) const {
      std::string out = d.owner + " at";
      for (const auto& [address, port] : d.doors) out += " " + net::endpoint_text(address, port);
      return out;
    }
  };
  return std::visit(Visitor{}, destination);
}

std::string text(const Obligation& obligation) {
  return obligation.name() + "\n" + std::visit(QuestionText{}, obligation.question);
}

}  // namespace portcullis::policy
