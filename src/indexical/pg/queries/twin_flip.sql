-- The twin's only door to the catalog: turns indexes on or off for the planner until the transaction is rolled back.
CREATE FUNCTION indexical_twin.flip(changed pg_catalog.oid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$
    UPDATE pg_catalog.pg_index SET indisvalid = NOT indisvalid WHERE indexrelid OPERATOR(pg_catalog.=) ANY (changed)
$$
