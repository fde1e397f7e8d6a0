// What the API checks of every object's `metadata`.
#pragma once

#include <string_view>

#include "compiler/cluster/validate/names.hpp"
#include "compiler/cluster/validate/sink.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

struct MetadataRules {
  std::string_view code;                  // of every finding
  std::string_view kind;                  // `Service`: begins the messages
  Faults (*name)(std::string_view text);  // grammar of the kind's names
  std::string_view name_hint;
};

// The name or generateName, the namespace, keys and values of labels, keys and total size of annotations, owner
// references. A namespace on a cluster-scoped object is dropped by the server, not refused. `place` is the object's,
// for what has no place of its own.
void check_metadata(const manifest::Metadata& metadata, const MetadataRules& rules, base::SourceSpan place, Sink& sink);

// Keys and values of a label map (also a selector's), `invalid` at the map's own path.
void check_labels(const manifest::StringMap& labels, std::string_view code, const Path& field, std::string_view what,
                  Sink& sink);
// metav1.LabelSelector.
void check_selector(const manifest::LabelSelector& selector, std::string_view code, const Path& field, Sink& sink);

}  // namespace portcullis::cluster
