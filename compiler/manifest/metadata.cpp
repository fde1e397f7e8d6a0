// metav1.ObjectMeta
#include "compiler/manifest/common_fields.hpp"

namespace portcullis::manifest {

namespace {

// Without a place of its own, and with plain values.
struct Owner {
  Field<std::string> kind, name;
  Field<bool> controller;
};
constexpr Rule<Owner> owner_fields[] = {
    {"apiVersion", is_text},
    {"kind", text<&Owner::kind>},
    {"name", text<&Owner::name>},
    {"uid", is_text},
    {"controller", flag<&Owner::controller>},
    {"blockOwnerDeletion", is_flag},
};

void owners(Decoder& decoder, const Pair& pair, Metadata& out) {
  std::vector<Owner> list;
  read_list(decoder, pair, owner_fields, list, Unknown::error);
  for (const Owner& owner : list) {
    out.owners.push_back({owner.kind ? owner.kind->value : "", owner.name ? owner.name->value : "",
                          owner.controller && owner.controller->value});
  }
}

constexpr Rule<Nothing> managed_fields[] = {
    {"manager", is_text},    {"operation", is_text}, {"apiVersion", is_text},  {"time", is_time},
    {"fieldsType", is_text}, {"fieldsV1", is_map},   {"subresource", is_text},
};

void object_name(Decoder& decoder, const Pair& pair, Metadata& out) {
  out.name = decoder.name(pair);
}

constexpr Rule<Metadata> metadata_fields[] = {
    {"name", object_name},
    {"generateName", text<&Metadata::generate_name>},
    {"namespace", text<&Metadata::ns>},
    {"labels", string_map<&Metadata::labels>},
    {"annotations", string_map<&Metadata::annotations>},
    {"creationTimestamp", time<&Metadata::creation_timestamp>},
    {"deletionTimestamp", time<&Metadata::deletion_timestamp>},
    {"uid", text<&Metadata::uid>},
    {"ownerReferences", owners},
    {"selfLink", is_text},
    {"resourceVersion", is_text},
    {"generation", is_int64},
    {"deletionGracePeriodSeconds", is_int64},
    {"finalizers", is_texts},
    {"managedFields", checked_list<managed_fields>},
};

}  // namespace

void read_metadata(Decoder& decoder, const Pair& pair, Metadata& out) {
  out.place = decoder.place(pair);
  read_fields(decoder, pair, metadata_fields, out);
}

}  // namespace portcullis::manifest
