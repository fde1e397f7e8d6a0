// Parts that Ingress and IngressClass share.
#pragma once

#include "compiler/cluster/validate/sink.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::cluster {

// I16–I22 of the Ingress reference, for a path's backend and for defaultBackend. `place`: where to point if the backend
// is absent.
void check_backend(Sink& sink, const manifest::IngressBackend& backend, const Path& field, base::SourceSpan place);

// apiGroup, kind and name of a reference to an object of any kind.
struct ObjectReference {
  const manifest::Field<std::string>& api_group;
  const manifest::Field<std::string>& kind;
  const manifest::Field<std::string>& name;
  base::SourceSpan place;
};
void check_reference(Sink& sink, std::string_view rule, const ObjectReference& reference, const Path& field,
                     std::string_view where);

}  // namespace portcullis::cluster
