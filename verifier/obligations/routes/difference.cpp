#include "verifier/obligations/routes/difference.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace portcullis::routes {

namespace {

using ir::l7::Decision;

constexpr std::size_t most_regions = 20'000;

// What answers where there is no router: 404, read in the same way as the other version's.
Router nobody(const Router& other) {
  Router out;
  out.name = other.name;
  out.flavour = other.flavour;
  out.host_form = other.host_form;
  out.path_form = other.path_form;
  out.treatments = {{{{}, ir::l7::Reply{404}, {}}}};
  return out;
}

bool is_forward(const Decision& decision) {
  return decision.kind == Decision::Kind::forward;
}

Change change_of(const Difference& difference) {
  const Decision &before = difference.before, &after = difference.after;
  if (before == after || difference.beside_before != difference.beside_after) return Change::settings;
  if (is_forward(before) && is_forward(after)) return before.shares == after.shares ? Change::sent : Change::elsewhere;
  const auto refuses = [](const Decision& decision) {
    return decision.kind == Decision::Kind::status || decision.kind == Decision::Kind::refuse;
  };
  if (is_forward(after) && refuses(before)) return Change::allowed;
  if (is_forward(before) && refuses(after)) return Change::refused;
  return Change::otherwise;
}

// Without what repeats the request.
std::string kind_of(const Decision& decision) {
  Decision bare = decision;
  bare.location.clear();
  return ir::l7::text(bare);
}

class Differ {
 public:
  Differ(smt::Session& session, RouterDifferences& out) : session_(session), out_(out) {}

  void compare(const Router& before, const Router& after) {
    CompareOptions options;
    options.aspects.targets = false;
    options.most = most_regions;
    options.every_pair = true;
    Comparison found = equal_routers(before, after, session_, options);
    for (const std::string& reason : found.open) out_.unknown.push_back(fmt::format("{}: {}", after.name, reason));
    if (!found.all_listed)
      out_.unknown.push_back(
          fmt::format("{}: more than {} regions change, the rest is not listed", after.name, most_regions));
    out_.queries += found.queries;
    std::vector<Group> groups;
    std::map<std::vector<std::string>, std::size_t> known;
    for (Difference& difference : found.differences) {
      const Change change = change_of(difference);
      std::vector<std::string> key{std::string(to_string(change)),  host_of(difference.where),
                                   difference.origin_before.object, difference.origin_before.field,
                                   difference.origin_after.object,  difference.origin_after.field,
                                   kind_of(difference.before),      kind_of(difference.after),
                                   difference.beside_before,        difference.beside_after};
      const auto [at, fresh] = known.emplace(std::move(key), groups.size());
      if (fresh)
        groups.push_back({change, after.name, 0, std::move(difference)});
      else
        ++groups[at->second].more;
    }
    std::ranges::stable_sort(groups, [](const Group& a, const Group& b) {
      return std::tie(a.change, a.witness.where) < std::tie(b.change, b.witness.where);
    });
    std::ranges::move(groups, std::back_inserter(out_.groups));
  }

 private:
  static std::string host_of(const std::string& where) { return where.substr(0, where.find_first_of("/,")); }

  smt::Session& session_;
  RouterDifferences& out_;
};

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::allowed:
      return "newly allowed";
    case Change::refused:
      return "newly refused";
    case Change::elsewhere:
      return "goes elsewhere";
    case Change::sent:
      return "sent otherwise";
    case Change::otherwise:
      return "other answer";
    case Change::settings:
      return "other settings";
  }
  return {};
}

RouterDifferences differences(std::span<const Router> before, std::span<const Router> after, smt::Session& session) {
  RouterDifferences out;
  Differ differ(session, out);
  std::map<std::string, std::pair<const Router*, const Router*>> pairs;
  for (const Router& router : before) pairs[router.name].first = &router;
  for (const Router& router : after) pairs[router.name].second = &router;
  for (const auto& [name, pair] : pairs) {
    if (pair.first == nullptr)
      differ.compare(nobody(*pair.second), *pair.second);
    else if (pair.second == nullptr)
      differ.compare(*pair.first, nobody(*pair.first));
    else
      differ.compare(*pair.first, *pair.second);
  }
  return out;
}

}  // namespace portcullis::routes
