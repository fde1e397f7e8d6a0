// Which kinds portcullis reads, in which API versions, and what it says about the others.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/manifest/objects.hpp"

namespace portcullis::manifest {

// An empty object of the kind to be filled by read_body, if it is one that we read.
[[nodiscard]] std::optional<Body> make_body(std::string_view api_version, std::string_view kind);

// The API version in which we read a kind (`v1` for Service), or empty.
[[nodiscard]] std::string_view version_of(std::string_view kind);
[[nodiscard]] bool is_namespaced(std::string_view kind);

// `networking.k8s.io` of `networking.k8s.io/v1`; empty for the core group.
[[nodiscard]] std::string_view group_of(std::string_view api_version);

// 36 of `1.36`, `v1.36` or `1.36.2`; nothing of another text.
[[nodiscard]] std::optional<unsigned> minor_version(std::string_view version);

// A kind that we read, in a version that no current API server serves.
struct NotServed {
  std::string_view since;  // `1.22`; empty: it never was
  std::string_view use;    // the version to use instead
};
[[nodiscard]] std::optional<NotServed> not_served(std::string_view api_version, std::string_view kind);

// A kind of one of Kubernetes' own groups that is none we know, but for its spelling (`service`): the kind that was
// meant, or empty. Other unknown kinds are somebody's business.
[[nodiscard]] std::string_view misspelt_kind(std::string_view api_version, std::string_view kind);

// Kinds that decide traffic and are not modelled (PC1014).
struct NotModelled {
  std::string_view group, kind;
  std::string_view nearest;  // the modelled kind that comes nearest, or empty
};
[[nodiscard]] const NotModelled* not_modelled(std::string_view api_version, std::string_view kind);

// Files of other tools that look like objects and need not be complete (`kind: Kustomization`).
[[nodiscard]] bool is_other_tool(std::string_view kind);

}  // namespace portcullis::manifest
