/** The oldest supported pg, installed beside the newest one. */
declare module 'pg-min' {
  import pg from 'pg';
  export default pg;
}
