// Requests that routers treat alike as far as name and path go: an exact partition, with the place in each router that
// answers.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "verifier/obligations/routes/hosts.hpp"
#include "verifier/obligations/routes/path_certificate.hpp"
#include "verifier/obligations/routes/paths.hpp"
#include "verifier/obligations/routes/subject.hpp"
#include "verifier/obligations/routes/treatments.hpp"

namespace portcullis::routes {

// Names that lead to the same place in every router.
struct HostGroup {
  std::vector<const HostClass*> hosts;  // not empty; one that can be sent is first, if there is one
  std::vector<HostPlace> places;        // by subject
};

class Regions {
 public:
  // The subjects outlive this. Several that read names or paths in different ways are looked at where they read alike.
  explicit Regions(std::span<const Subject* const> subjects);

  [[nodiscard]] const std::vector<HostGroup>& hosts() const { return groups_; }
  // Paths that no route and no condition of the group's places tells apart.
  [[nodiscard]] PathClasses paths(const HostGroup& group) const;
  // Why these are all paths of the group there are; nothing: too many.
  [[nodiscard]] std::optional<PathCertificate> certificate(const HostGroup& group, const PathClasses& paths) const;
  // Every name alone, instead of by group.
  [[nodiscard]] const std::vector<HostClass>& names() const { return classes_.classes; }

  // Why the partition is not complete, and what it takes for granted.
  [[nodiscard]] const std::vector<std::string>& open() const { return classes_.open; }
  [[nodiscard]] const std::vector<std::string>& assumptions() const { return classes_.assumptions; }
  // What the readings of the subjects have in common.
  [[nodiscard]] const std::vector<ir::l7::HostForm>& host_forms() const { return host_forms_; }
  [[nodiscard]] const PathSpace& space() const { return space_; }
  // All subjects read names and paths in the same way.
  [[nodiscard]] bool one_reading() const { return one_reading_; }

 private:
  struct Matchers {
    std::vector<const PathMatch*> matches;
    std::set<std::string> texts;
  };
  [[nodiscard]] Matchers matchers(const HostGroup& group) const;

  std::span<const Subject* const> subjects_;
  std::vector<ir::l7::HostForm> host_forms_;
  PathSpace space_;
  bool one_reading_ = true;
  HostClasses classes_;
  std::vector<HostGroup> groups_;
};

// What the subject does with requests of a region.
[[nodiscard]] TreatmentId treatment_of(Treatments& treatments, const Subject& subject, const Place& place,
                                       const Facts& facts);

}  // namespace portcullis::routes
