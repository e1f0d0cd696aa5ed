/**
 * Every code of PostgreSQL's appendix A, versions 13 to 18, and what each means. 10608, 25P04 and 58P03 are new since 17
 * or 18, 57P05 since 14; 72000 is gone since 17.
 *
 * Columns: code, its name, kind, retry of a single statement, retry in a transaction, outcome after ERROR, outcome after
 * FATAL, whether it counts against the circuit, whether a service answers 503, and what it means while connecting
 * (`again`: worth another try; `hopeless`: something has to be changed).
 */
const table = `
00000  successful_completion                                other                  never       never        rolled-back  unknown       -        -    again
01000  warning                                              other                  never       never        rolled-back  unknown       -        -    again
0100C  dynamic_result_sets_returned                         other                  never       never        rolled-back  unknown       -        -    again
01008  implicit_zero_bit_padding                            other                  never       never        rolled-back  unknown       -        -    again
01003  null_value_eliminated_in_set_function                other                  never       never        rolled-back  unknown       -        -    again
01007  privilege_not_granted                                other                  never       never        rolled-back  unknown       -        -    again
01006  privilege_not_revoked                                other                  never       never        rolled-back  unknown       -        -    again
01004  string_data_right_truncation                         other                  never       never        rolled-back  unknown       -        -    again
01P01  deprecated_feature                                   other                  never       never        rolled-back  unknown       -        -    again
02000  no_data                                              data                   never       never        rolled-back  unknown       -        -    again
02001  no_additional_dynamic_result_sets_returned           data                   never       never        rolled-back  unknown       -        -    again
03000  sql_statement_not_yet_complete                       other                  never       never        rolled-back  unknown       -        -    again
08000  connection_exception                                 connection-lost        idempotent  idempotent   rolled-back  unknown       circuit  503  again
08003  connection_does_not_exist                            connection-lost        idempotent  idempotent   rolled-back  unknown       circuit  503  again
08006  connection_failure                                   connection-lost        idempotent  idempotent   rolled-back  unknown       circuit  503  again
08001  sqlclient_unable_to_establish_sqlconnection          unreachable            statement   transaction  rolled-back  not-executed  circuit  503  again
08004  sqlserver_rejected_establishment_of_sqlconnection    unreachable            statement   transaction  rolled-back  not-executed  circuit  503  again
08007  transaction_resolution_unknown                       connection-lost        idempotent  idempotent   unknown      unknown       circuit  503  again
08P01  protocol_violation                                   syntax                 never       never        rolled-back  unknown       -        -    again
09000  triggered_action_exception                           raised                 never       never        rolled-back  unknown       -        -    again
0A000  feature_not_supported                                unsupported            never       never        rolled-back  unknown       -        -    again
0B000  invalid_transaction_initiation                       transaction-state      never       never        rolled-back  unknown       -        -    again
0F000  locator_exception                                    data                   never       never        rolled-back  unknown       -        -    again
0F001  invalid_locator_specification                        data                   never       never        rolled-back  unknown       -        -    again
0L000  invalid_grantor                                      permission             never       never        rolled-back  unknown       -        -    again
0LP01  invalid_grant_operation                              permission             never       never        rolled-back  unknown       -        -    again
0P000  invalid_role_specification                           permission             never       never        rolled-back  unknown       -        -    hopeless
0Z000  diagnostics_exception                                other                  never       never        rolled-back  unknown       -        -    again
0Z002  stacked_diagnostics_accessed_without_active_handler  other                  never       never        rolled-back  unknown       -        -    again
10608  invalid_argument_for_xquery                          data                   never       never        rolled-back  unknown       -        -    again
20000  case_not_found                                       raised                 never       never        rolled-back  unknown       -        -    again
21000  cardinality_violation                                data                   never       never        rolled-back  unknown       -        -    again
22000  data_exception                                       data                   never       never        rolled-back  unknown       -        -    hopeless
2202E  array_element_error                                  data                   never       never        rolled-back  unknown       -        -    hopeless
22021  character_not_in_repertoire                          data                   never       never        rolled-back  unknown       -        -    hopeless
22008  datetime_field_overflow                              data                   never       never        rolled-back  unknown       -        -    hopeless
22012  division_by_zero                                     data                   never       never        rolled-back  unknown       -        -    hopeless
22005  error_in_assignment                                  data                   never       never        rolled-back  unknown       -        -    hopeless
2200B  escape_character_conflict                            data                   never       never        rolled-back  unknown       -        -    hopeless
22022  indicator_overflow                                   data                   never       never        rolled-back  unknown       -        -    hopeless
22015  interval_field_overflow                              data                   never       never        rolled-back  unknown       -        -    hopeless
2201E  invalid_argument_for_logarithm                       data                   never       never        rolled-back  unknown       -        -    hopeless
22014  invalid_argument_for_ntile_function                  data                   never       never        rolled-back  unknown       -        -    hopeless
22016  invalid_argument_for_nth_value_function              data                   never       never        rolled-back  unknown       -        -    hopeless
2201F  invalid_argument_for_power_function                  data                   never       never        rolled-back  unknown       -        -    hopeless
2201G  invalid_argument_for_width_bucket_function           data                   never       never        rolled-back  unknown       -        -    hopeless
22018  invalid_character_value_for_cast                     data                   never       never        rolled-back  unknown       -        -    hopeless
22007  invalid_datetime_format                              data                   never       never        rolled-back  unknown       -        -    hopeless
22019  invalid_escape_character                             data                   never       never        rolled-back  unknown       -        -    hopeless
2200D  invalid_escape_octet                                 data                   never       never        rolled-back  unknown       -        -    hopeless
22025  invalid_escape_sequence                              data                   never       never        rolled-back  unknown       -        -    hopeless
22P06  nonstandard_use_of_escape_character                  data                   never       never        rolled-back  unknown       -        -    hopeless
22010  invalid_indicator_parameter_value                    data                   never       never        rolled-back  unknown       -        -    hopeless
22023  invalid_parameter_value                              data                   never       never        rolled-back  unknown       -        -    hopeless
22013  invalid_preceding_or_following_size                  data                   never       never        rolled-back  unknown       -        -    hopeless
2201B  invalid_regular_expression                           data                   never       never        rolled-back  unknown       -        -    hopeless
2201W  invalid_row_count_in_limit_clause                    data                   never       never        rolled-back  unknown       -        -    hopeless
2201X  invalid_row_count_in_result_offset_clause            data                   never       never        rolled-back  unknown       -        -    hopeless
2202H  invalid_tablesample_argument                         data                   never       never        rolled-back  unknown       -        -    hopeless
2202G  invalid_tablesample_repeat                           data                   never       never        rolled-back  unknown       -        -    hopeless
22009  invalid_time_zone_displacement_value                 data                   never       never        rolled-back  unknown       -        -    hopeless
2200C  invalid_use_of_escape_character                      data                   never       never        rolled-back  unknown       -        -    hopeless
2200G  most_specific_type_mismatch                          data                   never       never        rolled-back  unknown       -        -    hopeless
22004  null_value_not_allowed                               data                   never       never        rolled-back  unknown       -        -    hopeless
22002  null_value_no_indicator_parameter                    data                   never       never        rolled-back  unknown       -        -    hopeless
22003  numeric_value_out_of_range                           data                   never       never        rolled-back  unknown       -        -    hopeless
2200H  sequence_generator_limit_exceeded                    data                   never       never        rolled-back  unknown       -        -    hopeless
22026  string_data_length_mismatch                          data                   never       never        rolled-back  unknown       -        -    hopeless
22001  string_data_right_truncation                         data                   never       never        rolled-back  unknown       -        -    hopeless
22011  substring_error                                      data                   never       never        rolled-back  unknown       -        -    hopeless
22027  trim_error                                           data                   never       never        rolled-back  unknown       -        -    hopeless
22024  unterminated_c_string                                data                   never       never        rolled-back  unknown       -        -    hopeless
2200F  zero_length_character_string                         data                   never       never        rolled-back  unknown       -        -    hopeless
22P01  floating_point_exception                             data                   never       never        rolled-back  unknown       -        -    hopeless
22P02  invalid_text_representation                          data                   never       never        rolled-back  unknown       -        -    hopeless
22P03  invalid_binary_representation                        data                   never       never        rolled-back  unknown       -        -    hopeless
22P04  bad_copy_file_format                                 data                   never       never        rolled-back  unknown       -        -    hopeless
22P05  untranslatable_character                             data                   never       never        rolled-back  unknown       -        -    hopeless
2200L  not_an_xml_document                                  data                   never       never        rolled-back  unknown       -        -    hopeless
2200M  invalid_xml_document                                 data                   never       never        rolled-back  unknown       -        -    hopeless
2200N  invalid_xml_content                                  data                   never       never        rolled-back  unknown       -        -    hopeless
2200S  invalid_xml_comment                                  data                   never       never        rolled-back  unknown       -        -    hopeless
2200T  invalid_xml_processing_instruction                   data                   never       never        rolled-back  unknown       -        -    hopeless
22030  duplicate_json_object_key_value                      data                   never       never        rolled-back  unknown       -        -    hopeless
22031  invalid_argument_for_sql_json_datetime_function      data                   never       never        rolled-back  unknown       -        -    hopeless
22032  invalid_json_text                                    data                   never       never        rolled-back  unknown       -        -    hopeless
22033  invalid_sql_json_subscript                           data                   never       never        rolled-back  unknown       -        -    hopeless
22034  more_than_one_sql_json_item                          data                   never       never        rolled-back  unknown       -        -    hopeless
22035  no_sql_json_item                                     data                   never       never        rolled-back  unknown       -        -    hopeless
22036  non_numeric_sql_json_item                            data                   never       never        rolled-back  unknown       -        -    hopeless
22037  non_unique_keys_in_a_json_object                     data                   never       never        rolled-back  unknown       -        -    hopeless
22038  singleton_sql_json_item_required                     data                   never       never        rolled-back  unknown       -        -    hopeless
22039  sql_json_array_not_found                             data                   never       never        rolled-back  unknown       -        -    hopeless
2203A  sql_json_member_not_found                            data                   never       never        rolled-back  unknown       -        -    hopeless
2203B  sql_json_number_not_found                            data                   never       never        rolled-back  unknown       -        -    hopeless
2203C  sql_json_object_not_found                            data                   never       never        rolled-back  unknown       -        -    hopeless
2203D  too_many_json_array_elements                         data                   never       never        rolled-back  unknown       -        -    hopeless
2203E  too_many_json_object_members                         data                   never       never        rolled-back  unknown       -        -    hopeless
2203F  sql_json_scalar_required                             data                   never       never        rolled-back  unknown       -        -    hopeless
2203G  sql_json_item_cannot_be_cast_to_target_type          data                   never       never        rolled-back  unknown       -        -    hopeless
23000  integrity_constraint_violation                       constraint             never       never        rolled-back  unknown       -        -    again
23001  restrict_violation                                   constraint             never       never        rolled-back  unknown       -        -    again
23502  not_null_violation                                   constraint             never       never        rolled-back  unknown       -        -    again
23503  foreign_key_violation                                constraint             never       never        rolled-back  unknown       -        -    again
23505  unique_violation                                     constraint             never       never        rolled-back  unknown       -        -    again
23514  check_violation                                      constraint             never       never        rolled-back  unknown       -        -    again
23P01  exclusion_violation                                  constraint             never       never        rolled-back  unknown       -        -    again
24000  invalid_cursor_state                                 transaction-state      never       never        rolled-back  unknown       -        -    again
25000  invalid_transaction_state                            transaction-state      never       never        rolled-back  unknown       -        -    again
25001  active_sql_transaction                               transaction-state      never       never        rolled-back  unknown       -        -    again
25002  branch_transaction_already_active                    transaction-state      never       never        rolled-back  unknown       -        -    again
25008  held_cursor_requires_same_isolation_level            transaction-state      never       never        rolled-back  unknown       -        -    again
25003  inappropriate_access_mode_for_branch_transaction     transaction-state      never       never        rolled-back  unknown       -        -    again
25004  inappropriate_isolation_level_for_branch_transaction transaction-state      never       never        rolled-back  unknown       -        -    again
25005  no_active_sql_transaction_for_branch_transaction     transaction-state      never       never        rolled-back  unknown       -        -    again
25006  read_only_sql_transaction                            read-only              statement   transaction  rolled-back  unknown       -        -    again
25007  schema_and_data_statement_mixing_not_supported       transaction-state      never       never        rolled-back  unknown       -        -    again
25P01  no_active_sql_transaction                            transaction-state      never       never        rolled-back  unknown       -        -    again
25P02  in_failed_sql_transaction                            transaction-state      never       never        rolled-back  unknown       -        -    again
25P03  idle_in_transaction_session_timeout                  transaction-state      never       never        rolled-back  unknown       -        -    again
25P04  transaction_timeout                                  transaction-state      never       never        rolled-back  unknown       -        -    again
26000  invalid_sql_statement_name                           stale-plan             statement   never        rolled-back  unknown       -        -    again
27000  triggered_data_change_violation                      raised                 never       never        rolled-back  unknown       -        -    again
28000  invalid_authorization_specification                  authentication         never       never        rolled-back  not-executed  -        -    hopeless
28P01  invalid_password                                     authentication         never       never        rolled-back  not-executed  -        -    hopeless
2B000  dependent_privilege_descriptors_still_exist          constraint             never       never        rolled-back  unknown       -        -    again
2BP01  dependent_objects_still_exist                        constraint             never       never        rolled-back  unknown       -        -    again
2D000  invalid_transaction_termination                      transaction-state      never       never        rolled-back  unknown       -        -    again
2F000  sql_routine_exception                                raised                 never       never        rolled-back  unknown       -        -    again
2F005  function_executed_no_return_statement                raised                 never       never        rolled-back  unknown       -        -    again
2F002  modifying_sql_data_not_permitted                     raised                 never       never        rolled-back  unknown       -        -    again
2F003  prohibited_sql_statement_attempted                   raised                 never       never        rolled-back  unknown       -        -    again
2F004  reading_sql_data_not_permitted                       raised                 never       never        rolled-back  unknown       -        -    again
34000  invalid_cursor_name                                  transaction-state      never       never        rolled-back  unknown       -        -    again
38000  external_routine_exception                           raised                 never       never        rolled-back  unknown       -        -    again
38001  containing_sql_not_permitted                         raised                 never       never        rolled-back  unknown       -        -    again
38002  modifying_sql_data_not_permitted                     raised                 never       never        rolled-back  unknown       -        -    again
38003  prohibited_sql_statement_attempted                   raised                 never       never        rolled-back  unknown       -        -    again
38004  reading_sql_data_not_permitted                       raised                 never       never        rolled-back  unknown       -        -    again
39000  external_routine_invocation_exception                raised                 never       never        rolled-back  unknown       -        -    again
39001  invalid_sqlstate_returned                            raised                 never       never        rolled-back  unknown       -        -    again
39004  null_value_not_allowed                               raised                 never       never        rolled-back  unknown       -        -    again
39P01  trigger_protocol_violated                            raised                 never       never        rolled-back  unknown       -        -    again
39P02  srf_protocol_violated                                raised                 never       never        rolled-back  unknown       -        -    again
39P03  event_trigger_protocol_violated                      raised                 never       never        rolled-back  unknown       -        -    again
3B000  savepoint_exception                                  transaction-state      never       never        rolled-back  unknown       -        -    again
3B001  invalid_savepoint_specification                      transaction-state      never       never        rolled-back  unknown       -        -    again
3D000  invalid_catalog_name                                 unknown-database       never       never        rolled-back  not-executed  -        -    hopeless
3F000  invalid_schema_name                                  syntax                 never       never        rolled-back  unknown       -        -    hopeless
40000  transaction_rollback                                 serialization          never       never        rolled-back  unknown       -        -    again
40002  transaction_integrity_constraint_violation           serialization          never       never        rolled-back  unknown       -        -    again
40001  serialization_failure                                serialization          statement   transaction  rolled-back  unknown       -        -    again
40003  statement_completion_unknown                         connection-lost        idempotent  idempotent   unknown      unknown       -        -    again
40P01  deadlock_detected                                    deadlock               statement   transaction  rolled-back  unknown       -        -    again
42000  syntax_error_or_access_rule_violation                syntax                 never       never        rolled-back  unknown       -        -    hopeless
42601  syntax_error                                         syntax                 never       never        rolled-back  unknown       -        -    hopeless
42501  insufficient_privilege                               permission             never       never        rolled-back  unknown       -        -    hopeless
42846  cannot_coerce                                        syntax                 never       never        rolled-back  unknown       -        -    hopeless
42803  grouping_error                                       syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P20  windowing_error                                      syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P19  invalid_recursion                                    syntax                 never       never        rolled-back  unknown       -        -    hopeless
42830  invalid_foreign_key                                  syntax                 never       never        rolled-back  unknown       -        -    hopeless
42602  invalid_name                                         syntax                 never       never        rolled-back  unknown       -        -    hopeless
42622  name_too_long                                        syntax                 never       never        rolled-back  unknown       -        -    hopeless
42939  reserved_name                                        syntax                 never       never        rolled-back  unknown       -        -    hopeless
42804  datatype_mismatch                                    syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P18  indeterminate_datatype                               syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P21  collation_mismatch                                   syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P22  indeterminate_collation                              syntax                 never       never        rolled-back  unknown       -        -    hopeless
42809  wrong_object_type                                    syntax                 never       never        rolled-back  unknown       -        -    hopeless
428C9  generated_always                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42703  undefined_column                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42883  undefined_function                                   syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P01  undefined_table                                      syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P02  undefined_parameter                                  syntax                 never       never        rolled-back  unknown       -        -    hopeless
42704  undefined_object                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42701  duplicate_column                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P03  duplicate_cursor                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P04  duplicate_database                                   syntax                 never       never        rolled-back  unknown       -        -    hopeless
42723  duplicate_function                                   syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P05  duplicate_prepared_statement                         syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P06  duplicate_schema                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P07  duplicate_table                                      syntax                 never       never        rolled-back  unknown       -        -    hopeless
42712  duplicate_alias                                      syntax                 never       never        rolled-back  unknown       -        -    hopeless
42710  duplicate_object                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42702  ambiguous_column                                     syntax                 never       never        rolled-back  unknown       -        -    hopeless
42725  ambiguous_function                                   syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P08  ambiguous_parameter                                  syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P09  ambiguous_alias                                      syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P10  invalid_column_reference                             syntax                 never       never        rolled-back  unknown       -        -    hopeless
42611  invalid_column_definition                            syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P11  invalid_cursor_definition                            syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P12  invalid_database_definition                          syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P13  invalid_function_definition                          syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P14  invalid_prepared_statement_definition                syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P15  invalid_schema_definition                            syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P16  invalid_table_definition                             syntax                 never       never        rolled-back  unknown       -        -    hopeless
42P17  invalid_object_definition                            syntax                 never       never        rolled-back  unknown       -        -    hopeless
44000  with_check_option_violation                          constraint             never       never        rolled-back  unknown       -        -    again
53000  insufficient_resources                               resource               never       never        rolled-back  unknown       -        -    again
53100  disk_full                                            resource               never       never        rolled-back  unknown       -        -    again
53200  out_of_memory                                        resource               never       never        rolled-back  unknown       -        -    again
53300  too_many_connections                                 too-many-connections   statement   transaction  rolled-back  not-executed  circuit  503  again
53400  configuration_limit_exceeded                         resource               never       never        rolled-back  unknown       -        -    again
54000  program_limit_exceeded                               resource               never       never        rolled-back  unknown       -        -    again
54001  statement_too_complex                                resource               never       never        rolled-back  unknown       -        -    again
54011  too_many_columns                                     resource               never       never        rolled-back  unknown       -        -    again
54023  too_many_arguments                                   resource               never       never        rolled-back  unknown       -        -    again
55000  object_not_in_prerequisite_state                     other                  never       never        rolled-back  unknown       -        -    hopeless
55006  object_in_use                                        other                  never       never        rolled-back  unknown       -        -    again
55P02  cant_change_runtime_param                            other                  never       never        rolled-back  unknown       -        -    again
55P03  lock_not_available                                   lock-timeout           statement   never        rolled-back  unknown       -        -    again
55P04  unsafe_new_enum_value_usage                          other                  never       never        rolled-back  unknown       -        -    again
57000  operator_intervention                                other                  never       never        rolled-back  unknown       -        -    again
57014  query_canceled                                       cancelled              never       never        rolled-back  unknown       -        -    again
57P01  admin_shutdown                                       server-shutting-down   idempotent  idempotent   rolled-back  unknown       circuit  503  again
57P02  crash_shutdown                                       server-shutting-down   idempotent  idempotent   rolled-back  unknown       circuit  503  again
57P03  cannot_connect_now                                   server-starting        statement   transaction  rolled-back  not-executed  circuit  503  again
57P04  database_dropped                                     unknown-database       never       never        rolled-back  unknown       -        -    again
57P05  idle_session_timeout                                 connection-lost        idempotent  idempotent   rolled-back  unknown       -        503  again
58000  system_error                                         internal               never       never        rolled-back  unknown       circuit  -    again
58030  io_error                                             internal               never       never        rolled-back  unknown       circuit  -    again
58P01  undefined_file                                       internal               never       never        rolled-back  unknown       circuit  -    again
58P02  duplicate_file                                       internal               never       never        rolled-back  unknown       circuit  -    again
58P03  file_name_too_long                                   internal               never       never        rolled-back  unknown       circuit  -    again
72000  snapshot_too_old                                     other                  never       never        rolled-back  unknown       -        -    again
F0000  config_file_error                                    internal               never       never        rolled-back  unknown       circuit  -    again
F0001  lock_file_exists                                     internal               never       never        rolled-back  unknown       circuit  -    again
HV000  fdw_error                                            other                  never       never        rolled-back  unknown       -        -    again
HV005  fdw_column_name_not_found                            other                  never       never        rolled-back  unknown       -        -    again
HV002  fdw_dynamic_parameter_value_needed                   other                  never       never        rolled-back  unknown       -        -    again
HV010  fdw_function_sequence_error                          other                  never       never        rolled-back  unknown       -        -    again
HV021  fdw_inconsistent_descriptor_information              other                  never       never        rolled-back  unknown       -        -    again
HV024  fdw_invalid_attribute_value                          other                  never       never        rolled-back  unknown       -        -    again
HV007  fdw_invalid_column_name                              other                  never       never        rolled-back  unknown       -        -    again
HV008  fdw_invalid_column_number                            other                  never       never        rolled-back  unknown       -        -    again
HV004  fdw_invalid_data_type                                other                  never       never        rolled-back  unknown       -        -    again
HV006  fdw_invalid_data_type_descriptors                    other                  never       never        rolled-back  unknown       -        -    again
HV091  fdw_invalid_descriptor_field_identifier              other                  never       never        rolled-back  unknown       -        -    again
HV00B  fdw_invalid_handle                                   other                  never       never        rolled-back  unknown       -        -    again
HV00C  fdw_invalid_option_index                             other                  never       never        rolled-back  unknown       -        -    again
HV00D  fdw_invalid_option_name                              other                  never       never        rolled-back  unknown       -        -    again
HV090  fdw_invalid_string_length_or_buffer_length           other                  never       never        rolled-back  unknown       -        -    again
HV00A  fdw_invalid_string_format                            other                  never       never        rolled-back  unknown       -        -    again
HV009  fdw_invalid_use_of_null_pointer                      other                  never       never        rolled-back  unknown       -        -    again
HV014  fdw_too_many_handles                                 other                  never       never        rolled-back  unknown       -        -    again
HV001  fdw_out_of_memory                                    other                  never       never        rolled-back  unknown       -        -    again
HV00P  fdw_no_schemas                                       other                  never       never        rolled-back  unknown       -        -    again
HV00J  fdw_option_name_not_found                            other                  never       never        rolled-back  unknown       -        -    again
HV00K  fdw_reply_handle                                     other                  never       never        rolled-back  unknown       -        -    again
HV00Q  fdw_schema_not_found                                 other                  never       never        rolled-back  unknown       -        -    again
HV00R  fdw_table_not_found                                  other                  never       never        rolled-back  unknown       -        -    again
HV00L  fdw_unable_to_create_execution                       other                  never       never        rolled-back  unknown       -        -    again
HV00M  fdw_unable_to_create_reply                           other                  never       never        rolled-back  unknown       -        -    again
HV00N  fdw_unable_to_establish_connection                   other                  never       never        rolled-back  unknown       -        -    again
P0000  plpgsql_error                                        raised                 never       never        rolled-back  unknown       -        -    again
P0001  raise_exception                                      raised                 never       never        rolled-back  unknown       -        -    again
P0002  no_data_found                                        raised                 never       never        rolled-back  unknown       -        -    again
P0003  too_many_rows                                        raised                 never       never        rolled-back  unknown       -        -    again
P0004  assert_failure                                       raised                 never       never        rolled-back  unknown       -        -    again
XX000  internal_error                                       internal               never       never        rolled-back  unknown       circuit  -    again
XX001  data_corrupted                                       internal               never       never        rolled-back  unknown       circuit  -    again
XX002  index_corrupted                                      internal               never       never        rolled-back  unknown       circuit  -    again
`;

export interface Row {
  readonly code: string;
  readonly kind: string;
  readonly statement: string;
  readonly transaction: string;
  readonly afterError: string;
  readonly afterFatal: string;
  readonly circuit: boolean;
  readonly unavailable: boolean;
  readonly connecting: string;
}

export const appendix: readonly Row[] = table
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => {
    const [code, , kind, statement, transaction, afterError, afterFatal, circuit, status, connecting] = line.split(
      /\s+/,
    ) as [string, ...string[]] & string[];
    return {
      code,
      kind,
      statement,
      transaction,
      afterError,
      afterFatal,
      circuit: circuit === 'circuit',
      unavailable: status === '503',
      connecting,
    } as Row;
  });

export const sqlstates = appendix.map(({ code }) => code);
