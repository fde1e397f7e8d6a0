#include "compiler/cluster/allocation.hpp"

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::cluster {

std::string lock_key(const Service& service, net::Family family) {
  return service.id() + (family == net::Family::ipv6 ? "#IPv6" : "");
}

base::ObjectRef object_of(const Service& service) {
  return {"Service", service.ns, service.name};
}

void report_lock_ignored(const Service& service, std::string what, SourceSpan span, base::Diagnostics& diagnostics) {
  base::Diagnostic& finding = diagnostics.add("PC2102", std::move(what), span);
  finding.object = object_of(service);
  finding.hint = "write the lock file again with --write-lock";
}

std::optional<net::Address> locked_address(const std::map<std::string, std::string>& section, const std::string& key,
                                           const Service& service, base::Diagnostics& diagnostics) {
  const auto found = section.find(key);
  if (found == section.end()) return {};
  const auto address = net::Address::parse(found->second);
  if (!address) {
    report_lock_ignored(
        service,
        fmt::format("the lock file gives `{}` the address `{}`, which is none", key, base::printable(found->second)),
        service.span, diagnostics);
  }
  return address;
}

void report_moved(const Service& service, const Service* holder, const std::string& what, const std::string& wanted,
                  const std::string& got, base::Diagnostics& diagnostics) {
  base::Diagnostic& note = diagnostics.add(
      "PC2103",
      fmt::format("{} `{}` falls to {} by name, but {} has it; it gets `{}`", what, wanted, object_of(service).text(),
                  holder == nullptr ? "something else" : object_of(*holder).text(), got),
      service.span);
  note.object = object_of(service);
  note.hint = "a lock file (--write-lock) keeps it still when the other goes";
  if (holder != nullptr) note.related.push_back({object_of(*holder).text(), holder->span});
}

}  // namespace portcullis::cluster
