// The entry of each flavour: fills `maker.router()` from the Ingresses of a controller. Everything but name, flavour
// and entries is theirs.
#pragma once

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l7/build/controllers.hpp"
#include "compiler/ir/l7/build/maker.hpp"

namespace portcullis::ir::l7 {

void build_api(const Controller& controller, Maker& maker);
void build_nginx(const Controller& controller, Maker& maker, base::Diagnostics& diagnostics);
void build_haproxy(const Controller& controller, Maker& maker);
void build_haproxy_ingress(const Controller& controller, Maker& maker);
void build_traefik(const Controller& controller, Maker& maker);
void build_gce(const cluster::Ingress& ingress, Maker& maker);

// Names every annotation of the controller's Ingresses that is not carried over (PC5006). What the flavour reads is not
// named; `diagnostics` gets one finding an annotation.
void report_foreign_annotations(const Controller& controller, base::Diagnostics& diagnostics);

// Certificates of every `tls` section, chosen by the names that they cover (reference T6).
void certificates_by_name(const Controller& controller, Maker& maker);

}  // namespace portcullis::ir::l7
