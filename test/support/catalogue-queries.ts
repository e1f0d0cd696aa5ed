// In SQL of PostgreSQL 13 to 18: what one of them lacks is read through to_jsonb(), which gives null then.

const userSchema = (column: string) => `${column} !~ '^pg_' and ${column} <> 'information_schema'`;
const relation = `format('%I.%I', n.nspname, c.relname)`;
const relations = `pg_class c join pg_namespace n on n.oid = c.relnamespace`;
const ofUser = userSchema('n.nspname');

/** An access list that nobody ever touched is the same as one that says the same. */
const acl = (list: string, kind: string, owner: string) =>
  `(select string_agg(item::text, ',' order by item::text)
      from unnest(coalesce(${list}, acldefault('${kind}', ${owner}))) as item)`;

/** The smallest OID of an object that initdb did not make. */
const firstNormalOid = 16384;

/** For each kind of thing a query that gives its `name` and its `detail`, without an OID. */
export const catalogueQueries: Readonly<Record<string, string>> = {
  database: `
    select 'itself' as name, concat_ws(' ', pg_get_userbyid(datdba), ${acl('datacl', 'd', 'datdba')},
           shobj_description(oid, 'pg_database'), datconnlimit) as detail
      from pg_database where datname = current_database()`,
  setting: `
    select concat_ws('/', case when d.oid is null then 'all' else 'itself' end, r.rolname) as name, s.setconfig::text as detail
      from pg_db_role_setting s
      left join pg_database d on d.oid = s.setdatabase left join pg_roles r on r.oid = s.setrole
     where s.setdatabase = 0 or d.datname = current_database()`,
  role: `
    select rolname as name, (to_jsonb(r) - 'oid')::text as detail from pg_roles r where rolname !~ '^pg_'`,
  member: `
    select concat_ws(' in ', pg_get_userbyid(member), pg_get_userbyid(roleid)) as name, admin_option::text as detail
      from pg_auth_members where roleid >= ${String(firstNormalOid)}`,
  schema: `
    select nspname as name, concat_ws(' ', pg_get_userbyid(nspowner), ${acl('nspacl', 'n', 'nspowner')}) as detail
      from pg_namespace where ${userSchema('nspname')}`,
  extension: `
    select extname as name, concat_ws(' ', extversion, extnamespace::regnamespace) as detail from pg_extension`,
  // Whatever there is, also what no other query here looks into.
  object: `
    select distinct type || ' ' || identity as name, '' as detail
      from (select classid, objid from pg_depend where objid >= ${String(firstNormalOid)}
            union select refclassid, refobjid from pg_depend where refobjid >= ${String(firstNormalOid)}) as one,
           pg_identify_object(classid, objid, 0)
     where identity is not null and concat(schema, ' ', identity) !~ 'pg_toast|pg_temp|RI_ConstraintTrigger'`,
  relation: `
    select ${relation} as name, concat_ws(' ', c.relkind, c.relpersistence, pg_get_userbyid(c.relowner),
           ${acl('c.relacl', 'r', 'c.relowner')}, 'ident', c.relreplident, 'rls', c.relrowsecurity, c.relforcerowsecurity,
           c.reloptions, am.amname, t.spcname, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid),
           (select string_agg(inhparent::regclass::text, ',' order by inhseqno) from pg_inherits where inhrelid = c.oid),
           'populated', c.relispopulated) as detail
      from ${relations} left join pg_am am on am.oid = c.relam left join pg_tablespace t on t.oid = c.reltablespace
     where ${ofUser}`,
  column: `
    select ${relation} || '.' || lpad((row_number() over (partition by c.oid order by a.attnum))::text, 4, '0') as name,
           concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull,
             'default', pg_get_expr(d.adbin, d.adrelid), 'identity', a.attidentity, 'generated', a.attgenerated,
             'storage', a.attstorage, 'compression', to_jsonb(a) ->> 'attcompression', 'collation',
             nullif(a.attcollation, 0)::regcollation,
             'statistics', nullif((to_jsonb(a) ->> 'attstattarget'), '-1'), a.attoptions, a.attfdwoptions,
             'acl', (select string_agg(item::text, ',' order by item::text) from unnest(a.attacl) as item)) as detail
      from ${relations} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where ${ofUser} and c.relkind not in ('i', 'I', 'S')`,
  constraint: `
    select concat_ws(' ', nullif(k.conrelid, 0)::regclass, nullif(k.contypid, 0)::regtype, quote_ident(k.conname)) as name,
           concat_ws(' ', pg_get_constraintdef(k.oid), 'valid', k.convalidated, 'local', k.conislocal) as detail
      from pg_constraint k join pg_namespace n on n.oid = k.connamespace where ${ofUser}`,
  index: `
    select ${relation} as name, concat_ws(' ', pg_get_indexdef(c.oid), 'valid', i.indisvalid, i.indisready, i.indislive,
           'clustered', i.indisclustered, 'ident', i.indisreplident) as detail
      from ${relations} join pg_index i on i.indexrelid = c.oid where ${ofUser}`,
  sequence: `
    select ${relation} as name, concat_ws(' ', s.data_type, s.start_value, s.min_value, s.max_value, s.increment_by,
           s.cycle, s.cache_size, 'last', s.last_value, 'of', o.refobjid::regclass, o.refobjsubid > 0) as detail
      from ${relations} join pg_sequences s on s.schemaname = n.nspname and s.sequencename = c.relname
      left join pg_depend o on o.objid = c.oid and o.classid = 'pg_class'::regclass and o.deptype in ('a', 'i')
     where ${ofUser}`,
  view: `
    select ${relation} as name, pg_get_viewdef(c.oid) as detail from ${relations} where c.relkind in ('v', 'm') and ${ofUser}`,
  rule: `
    select concat_ws(' ', ${relation}, r.rulename) as name, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled) as detail
      from ${relations} join pg_rewrite r on r.ev_class = c.oid where ${ofUser} and r.rulename <> '_RETURN'`,
  trigger: `
    select concat_ws(' ', ${relation}, t.tgname) as name, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) as detail
      from ${relations} join pg_trigger t on t.tgrelid = c.oid where ${ofUser} and not t.tgisinternal`,
  'event trigger': `
    select evtname as name, concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, evttags) as detail from pg_event_trigger`,
  policy: `
    select format('%I.%I %I', schemaname, tablename, policyname) as name,
           concat_ws(' ', permissive, roles, cmd, qual, 'check', with_check) as detail from pg_policies`,
  routine: `
    select p.oid::regprocedure::text as name, concat_ws(' ', pg_get_userbyid(p.proowner),
           ${acl('p.proacl', 'f', 'p.proowner')},
           case when p.prokind = 'a' then (select (to_jsonb(a) - 'aggfnoid')::text from pg_aggregate a where a.aggfnoid = p.oid)
                else pg_get_functiondef(p.oid) end) as detail
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where ${ofUser} and not exists (select from pg_depend where objid = p.oid and deptype = 'e')`,
  type: `
    select format_type(t.oid, null) as name, concat_ws(' ', t.typtype, pg_get_userbyid(t.typowner),
           ${acl('t.typacl', 'T', 't.typowner')}, 'base', format_type(nullif(t.typbasetype, 0), t.typtypmod),
           'not null', t.typnotnull, 'default', t.typdefault,
           (select string_agg(quote_literal(enumlabel), ',' order by enumsortorder) from pg_enum where enumtypid = t.oid),
           (select concat_ws(' ', format_type(rngsubtype, null), rngsubdiff) from pg_range where rngtypid = t.oid)) as detail
      from pg_type t join pg_namespace n on n.oid = t.typnamespace where ${ofUser}`,
  'default access': `
    select concat_ws(' ', pg_get_userbyid(defaclrole), nullif(defaclnamespace, 0)::regnamespace, defaclobjtype) as name,
           defaclacl::text as detail from pg_default_acl`,
  statistics: `
    select format('%I.%I', n.nspname, s.stxname) as name, pg_get_statisticsobjdef(s.oid) as detail
      from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace where ${ofUser}`,
  publication: `
    select pubname as name, concat_ws(' ', (to_jsonb(p) - 'oid' - 'pubowner'),
           (select string_agg(format('%I.%I', schemaname, tablename), ',' order by schemaname, tablename)
              from pg_publication_tables t where t.pubname = p.pubname)) as detail from pg_publication p`,
  comment: `
    select concat_ws(' ', o.type, o.identity) as name, d.description as detail
      from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) as o
     where d.objoid >= ${String(firstNormalOid)} or o.identity = 'public'`,
};
