#include "compiler/report/json.hpp"

namespace portcullis::report {

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace portcullis::report
