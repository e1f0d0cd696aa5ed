import type { ClientBase } from 'pg';

/** All that a schema has, as the catalogue tells it: columns, defaults, constraints, definitions and comments. */
export async function catalogueOf(client: ClientBase, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    `select pg_describe_object(classid, objid, objsubid) || coalesce(': ' || definition, '') as line
       from pg_depend
       cross join lateral (
         select case classid
           when 'pg_constraint'::regclass then pg_get_constraintdef(objid)
           when 'pg_trigger'::regclass then pg_get_triggerdef(objid)
           when 'pg_rewrite'::regclass then pg_get_ruledef(objid)
           when 'pg_proc'::regclass then pg_get_functiondef(objid)
           when 'pg_class'::regclass then (
             select coalesce(pg_get_indexdef(i.indexrelid), (
               select string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull,
                 pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)), ', ' order by attnum)
               from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
               where attrelid = objid and attnum > 0 and not attisdropped)
             ) || coalesce(obj_description(objid, 'pg_class'), '')
             from (select objid) as o left join pg_index i on i.indexrelid = objid)
         end as definition
       ) as d
       where (pg_identify_object(classid, objid, objsubid)).schema = $1
         or pg_describe_object(classid, objid, objsubid) like '% ' || $1 || '.%'
       group by 1 order by 1`,
    [schema],
  );
  return rows.map(({ line }) => line);
}
