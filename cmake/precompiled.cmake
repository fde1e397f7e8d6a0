# Headers that most files include, compiled once. The presets that are built from nothing most often ask for it; the
# others show that every file includes what it needs.
option(PORTCULLIS_PRECOMPILED "compile common headers once (quicker from nothing)" OFF)

set(portcullis_common_headers
  <algorithm> <array> <deque> <functional> <map> <memory> <optional> <set> <span> <string> <string_view> <unordered_map>
  <unordered_set> <utility> <variant> <vector> <fmt/format.h> <nlohmann/json.hpp>)

# portcullis_precompiled_headers(KIND header...): compiles them once for KIND, with the flags of this folder.
function(portcullis_precompiled_headers kind)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp CONTENT "// CMake compiles headers for a source file.\n")
  add_library(portcullis_precompiled_${kind} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(portcullis_precompiled_${kind} PRIVATE portcullis_flags fmt::fmt)
  target_precompile_headers(portcullis_precompiled_${kind} PRIVATE ${ARGN})
endfunction()

# portcullis_precompile(KIND folder): every target of the folder and of those below it is compiled with them. Tests have
# their own kind; those that are optimised take the rooms', because the flags have to be the same.
function(portcullis_precompile kind folder)
  get_property(options DIRECTORY ${folder} PROPERTY COMPILE_OPTIONS)
  if("-O2" IN_LIST options)
    set(kind rooms)
  elseif(folder STREQUAL "${PROJECT_SOURCE_DIR}/tests")
    set(kind tests)
  endif()
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(standard ${target} CXX_STANDARD)
    get_target_property(apart ${target} DISABLE_PRECOMPILE_HEADERS)
    if(type MATCHES "^(STATIC_LIBRARY|EXECUTABLE)$" AND standard EQUAL CMAKE_CXX_STANDARD AND NOT apart)
      target_precompile_headers(${target} REUSE_FROM portcullis_precompiled_${kind})
    endif()
  endforeach()
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(below ${folders})
    portcullis_precompile(${kind} ${below})
  endforeach()
endfunction()
