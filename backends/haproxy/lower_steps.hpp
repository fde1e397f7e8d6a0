// Steps to the sections of a treatment.
#pragma once

#include "backends/haproxy/configuration.hpp"

namespace portcullis::haproxy {

// `before` first; the router has passed check_limits.
[[nodiscard]] Treatment lower_steps(const ir::l7::Router& router, const ir::l7::Steps& before,
                                    const ir::l7::Steps& steps);

}  // namespace portcullis::haproxy
