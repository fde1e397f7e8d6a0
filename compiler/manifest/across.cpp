#include "compiler/manifest/across.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::manifest {

void Duplicates::add(const std::vector<Identity>& identities, const base::SourceMap& sources,
                     base::Diagnostics& diagnostics) {
  for (const Identity& identity : identities) {
    std::string key = identity.group;
    for (const std::string* part : {&identity.kind, &identity.ns, &identity.name}) {
      key += '\0';
      key += *part;
    }
    const auto [first, fresh] = seen_.try_emplace(std::move(key), identity.place);
    if (fresh) continue;
    base::ObjectRef object{identity.kind, identity.ns, identity.name};
    base::Diagnostic& finding = diagnostics.add(
        "PC1009", fmt::format("{} is defined twice; the later one replaces the first", base::printable(object.text())),
        identity.place);
    finding.hint = "rename one, or lint the variants apart with `--cluster NAME=PATH`";
    finding.object = std::move(object);
    finding.field = "metadata.name";
    finding.related.push_back(
        {fmt::format("first defined on line {}", sources.begin(first->second).line), first->second});
  }
}

base::Diagnostics as_of_version(unsigned minor, const Part& part) {
  base::Diagnostics out;
  const std::vector<base::Diagnostic>& all = part.diagnostics.all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto removed = std::ranges::find(part.removed, i, &Removed::finding);
    if (removed == part.removed.end() || removed->since <= minor) {
      out.add(all[i]);
      continue;
    }
    base::Diagnostic& finding =
        out.add("PC1014",
                fmt::format("{} has an API version that Kubernetes 1.{} serves, and portcullis does not read it",
                            base::printable(all[i].object.text()), minor),
                all[i].span);
    finding.severity = base::Severity::warning;  // its traffic is missing from every answer
    finding.hint = all[i].hint;
    finding.object = all[i].object;
    finding.field = all[i].field;
  }
  return out;
}

void report_unmodelled(const std::vector<Unmodelled>& objects, base::Diagnostics& diagnostics) {
  std::set<std::tuple<std::string_view, std::string_view, std::string>> reported;
  for (const Unmodelled& object : objects) {
    const bool own = object.row == nullptr;
    const std::string_view group = own ? std::string_view{} : object.row->group;
    const std::string_view kind = own ? std::string_view("Service") : object.row->kind;
    if (!reported.emplace(group, kind, object.ns).second) continue;
    base::Diagnostic& finding =
        diagnostics.add("PC1014",
                        own ? fmt::format("Service {} is left to another proxy, and portcullis does not model that",
                                          base::printable(object.name))
                            : fmt::format("`{}` {} decides traffic too, and portcullis does not model it", kind,
                                          base::printable(object.name)),
                        object.place);
    if (!own && !object.row->nearest.empty())
      finding.hint = fmt::format("the kind that comes nearest and is modelled: {}", object.row->nearest);
    finding.object = {std::string(kind), object.ns, object.name};
  }
}

}  // namespace portcullis::manifest
