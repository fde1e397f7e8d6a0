#include "verifier/verdict/verdict.hpp"

namespace portcullis::verdict {

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::proved:
      return "proved";
    case Standing::refuted:
      return "refuted";
    case Standing::unknown:
      return "unknown";
    case Standing::vacuous:
      return "vacuous";
  }
  return {};
}

}  // namespace portcullis::verdict
