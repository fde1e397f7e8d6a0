#include "verifier/obligations/routes/audit.hpp"

#include <array>

#include "verifier/obligations/routes/captures.hpp"
#include "verifier/obligations/routes/guards.hpp"
#include "verifier/obligations/routes/orphans.hpp"
#include "verifier/obligations/routes/reached.hpp"
#include "verifier/obligations/routes/regions.hpp"
#include "verifier/obligations/routes/subject.hpp"

namespace portcullis::routes {

Audit audit(const Router& router, smt::Session& session) {
  Audit out;
  if (!router.rejected.empty()) return out;
  const Subject subject(router);
  const std::array<const Subject*, 1> subjects{&subject};
  const Regions regions(subjects);
  find_unreached(subject, regions, out);
  find_orphans(subject, regions, out);
  find_captures(subject, regions, out);
  find_gaps(subject, regions, session, out);
  return out;
}

}  // namespace portcullis::routes
