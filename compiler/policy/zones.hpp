// Zones: sets of addresses, by name and as written in a sentence; and where packets from them start.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/net/address.hpp"
#include "compiler/policy/bound.hpp"
#include "compiler/policy/objects.hpp"
#include "compiler/policy/select.hpp"

namespace portcullis::policy {

class ZoneTable {
 public:
  // Knows the profile's zones, and `internet`: every address but the cluster's, until a policy defines it.
  explicit ZoneTable(const Objects& objects);

  // That there will be a definition, for what is said about a use before it.
  void announce(const ZoneDefinition& definition, const Sentence& sentence);
  // A zone can use those of the profile and those defined before it, so none can use itself. PC4009.
  void define(const ZoneDefinition& definition, const Asker& asker);

  // Nothing: that has been said (PC4002, PC4003). Says what alternatives share (PC4007).
  [[nodiscard]] SharedSources sources(const Zones& zones, const Asker& asker);
  // Everybody who is not in them.
  [[nodiscard]] SharedSources others(const Zones& zones, const Asker& asker);

 private:
  struct Definition {
    // Absent: it is defined, and wrong; that has been said.
    std::optional<net::PrefixSet> addresses;
    base::SourceSpan span;  // of its name; unknown for `internet`
    std::uint32_t line = 0;
    bool of_profile = false, built_in = false;
  };

  // By term: what it means.
  using Parts = std::vector<net::PrefixSet>;
  [[nodiscard]] std::optional<Parts> parts_of(const std::vector<Located<ZoneTerm>>& terms, const Asker& asker) const;
  [[nodiscard]] std::optional<net::PrefixSet> addresses_of(const Zones& zones, bool alternatives,
                                                           const Asker& asker) const;
  [[nodiscard]] std::optional<net::PrefixSet> addresses_of(const Located<ZoneTerm>& term, const Asker& asker) const;
  [[nodiscard]] std::optional<net::PrefixSet> named(const std::string& name, SourceSpan span, const Asker& asker) const;
  [[nodiscard]] SharedSources start(std::string text, const net::PrefixSet& addresses) const;
  void place_everybody();

  const Objects& objects_;
  std::map<std::string, Definition> definitions_;
  std::map<std::string, std::uint32_t> announced_;  // lines
  net::PrefixSet pods_, nodes_, services_;
  std::vector<SourceGroup> everybody_;
  std::map<std::string, SharedSources> known_, known_others_;  // by the zones as written
};

}  // namespace portcullis::policy
