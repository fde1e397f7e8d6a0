// What only several objects together show, beside the keys that they share (claims.hpp).
#pragma once

#include "compiler/base/diagnostic.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/cluster/inventory.hpp"
#include "compiler/manifest/read.hpp"

namespace portcullis::cluster {

// PC1011, once a namespace: its Services select pods and the input has no workload there, or its Ingresses name
// Services and the input has none there. What a selector matches can't be told then.
void report_nothing_to_join(const manifest::Input& input, base::Diagnostics& diagnostics);

// PC2054, at each IngressClass beyond the first that says it is the default.
void report_default_classes(const manifest::Input& input, base::Diagnostics& diagnostics);

// PC3008: slices without a Service. Nothing is said where the Service may be in what could not be read.
void report_orphan_slices(const manifest::Input& input, const Inventory& inventory, base::Diagnostics& diagnostics);

// PC3007: an endpoint address that is a given address of a Service or lies in a stated Service range. A node's own
// address is none of these: what is translated to it arrives.
void report_chained_endpoints(const Inventory& inventory, const Cluster& cluster, base::Diagnostics& diagnostics);

}  // namespace portcullis::cluster
