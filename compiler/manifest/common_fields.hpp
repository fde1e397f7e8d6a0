// Tables of the types that many kinds share: object metadata, label selectors, conditions, object references.
#pragma once

#include "compiler/manifest/fields.hpp"

namespace portcullis::manifest {

// Fills metadata and its place.
void read_metadata(Decoder& decoder, const Pair& pair, Metadata& out);

template <auto Member>
void metadata(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  read_metadata(decoder, pair, out.*Member);
}

inline constexpr Rule<SelectorRequirement> selector_requirement_fields[] = {
    {"key", text<&SelectorRequirement::key>},
    {"operator", text<&SelectorRequirement::op>},
    {"values", texts<&SelectorRequirement::values>},
};
inline constexpr Rule<LabelSelector> label_selector_fields[] = {
    {"matchLabels", string_map<&LabelSelector::match_labels>},
    {"matchExpressions", list<&LabelSelector::match_expressions, selector_requirement_fields>},
};

// metav1.Condition
inline constexpr Rule<Nothing> condition_fields[] = {
    {"type", is_text},   {"status", is_text},  {"observedGeneration", is_int64}, {"lastTransitionTime", is_time},
    {"reason", is_text}, {"message", is_text},
};

// core/v1 ObjectReference, into any struct with target_kind and target_name.
template <class T>
inline constexpr Rule<T> object_reference_fields[] = {
    {"kind", text<&T::target_kind>}, {"name", text<&T::target_name>}, {"namespace", is_text}, {"uid", is_text},
    {"apiVersion", is_text},         {"resourceVersion", is_text},    {"fieldPath", is_text},
};

// apiVersion and kind have been read before a table is chosen.
template <class T>
void already_read(Decoder&, const Pair&, T&) {}

// status.loadBalancer of Service and Ingress, into any struct with `ingress`.
inline constexpr Rule<PortStatus> port_status_fields[] = {
    {"port", int32<&PortStatus::port>},
    {"protocol", text<&PortStatus::protocol>},
    {"error", text<&PortStatus::error>},
};

}  // namespace portcullis::manifest
