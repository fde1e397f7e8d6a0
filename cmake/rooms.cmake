# A room is a folder with one meaning, built as one library. New files are picked up when they appear.

# portcullis_room(NAME [DEPENDS room...] [PRIVATE library...]): static library portcullis_NAME of every .cpp in this folder.
function(portcullis_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  if(NOT sources)  # a room of headers
    add_library(portcullis_${name} INTERFACE)
    target_link_libraries(portcullis_${name} INTERFACE portcullis_flags fmt::fmt)
    foreach(room ${ROOM_DEPENDS})
      target_link_libraries(portcullis_${name} INTERFACE portcullis_${room})
    endforeach()
    return()
  endif()
  add_library(portcullis_${name} STATIC ${sources})
  target_link_libraries(portcullis_${name} PUBLIC portcullis_flags fmt::fmt)
  foreach(room ${ROOM_DEPENDS})
    target_link_libraries(portcullis_${name} PUBLIC portcullis_${room})
  endforeach()
  target_link_libraries(portcullis_${name} PRIVATE ${ROOM_PRIVATE})
endfunction()

# portcullis_unit_test(NAME [DEPENDS room...] [PRIVATE library...]): every *_test.cpp of this folder in one Catch2 program.
function(portcullis_unit_test name)
  cmake_parse_arguments(TEST "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE portcullis_catch_main portcullis_flags ${TEST_PRIVATE})
  foreach(room ${TEST_DEPENDS})
    target_link_libraries(test_${name} PRIVATE portcullis_${room})
  endforeach()
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST)
endfunction()
