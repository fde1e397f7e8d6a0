#include "compiler/driver/tree_json.hpp"

#include "compiler/manifest/scalar.hpp"
#include "compiler/report/json.hpp"

namespace portcullis::driver {

namespace {

using report::Json;

Json scalar_value(const manifest::TreeNode& node) {
  const manifest::Scalar scalar = manifest::resolve(node);
  switch (scalar.type) {
    case manifest::Type::null:
      return nullptr;
    case manifest::Type::boolean:
      return scalar.flag;
    case manifest::Type::number:
      return scalar.whole ? Json(scalar.integer) : Json(scalar.real);
    case manifest::Type::string:
      return std::string(scalar.string());
    case manifest::Type::impossible:
      break;
  }
  return std::string(node.value());
}

// Depth and the growth by aliases were bounded when the document was parsed.
Json value(const manifest::Tree& tree, manifest::NodeId id) {
  const manifest::TreeNode& node = tree.target(id);
  switch (node.shape) {
    case manifest::Shape::alias:
    case manifest::Shape::scalar:
      return scalar_value(node);
    case manifest::Shape::sequence: {
      Json out = Json::array();
      for (manifest::NodeId item = node.child; item != 0; item = tree[item].next) out.push_back(value(tree, item));
      return out;
    }
    case manifest::Shape::mapping: {
      Json out = Json::object();
      for (manifest::NodeId key = node.child; key != 0; key = tree[tree[key].next].next) {
        if (!tree[key].shadowed) out[std::string(tree.target(key).value())] = value(tree, tree[key].next);
      }
      return out;
    }
  }
  return nullptr;
}

}  // namespace

std::string tree_json(const manifest::Tree& tree, manifest::NodeId node) {
  return report::dump(value(tree, node), -1);
}

}  // namespace portcullis::driver
