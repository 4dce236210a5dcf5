-- The twin's only door to the catalog. What is shown the planner uses, what is hidden it skips; what is parked it does not even
-- look at: a table's list of indexes is read anew when something of the table changes. Names are qualified throughout, so that
-- no search_path needs to be set.
CREATE FUNCTION indexical_twin.arrange(
    shown pg_catalog.oid[], hidden pg_catalog.oid[], parked pg_catalog.oid[], tables pg_catalog.oid[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    UPDATE pg_catalog.pg_index
    SET indisvalid = indexrelid OPERATOR(pg_catalog.=) ANY (shown), indislive = NOT indexrelid OPERATOR(pg_catalog.=) ANY (parked)
    WHERE indexrelid OPERATOR(pg_catalog.=) ANY (shown OPERATOR(pg_catalog.||) hidden OPERATOR(pg_catalog.||) parked);
    IF pg_catalog.cardinality(tables) OPERATOR(pg_catalog.>) 0 THEN
        UPDATE pg_catalog.pg_class SET relhasindex = true WHERE oid OPERATOR(pg_catalog.=) ANY (tables);
    END IF;
END
$$
