/*-------------------------------------------------------------------------
 *
 * lock.c
 *	  Changes of definitions, one after the other.
 *
 * All locks that a change of definitions takes by intention, in the one order
 * in which they are taken.  Callers are connected to SPI.
 *
 * A change needs its sources (so that they stay while it looks at them), its
 * views (which it is about to replace), and the definitions' names.  Relations
 * come first, as for PostgreSQL's own DDL, which others may have begun: what
 * is no view before what is one, and the older before the newer, since views
 * are made after what they read.  Nobody waits for a name while holding a
 * lock of this kind: if one is not free, all are given back until it is.  So
 * somebody who has read a view can still change it, before those who wait for
 * that reading to end.
 *
 * Names are locked beside a lock on all definitions, which plain DML takes
 * for itself alone: it locks rows before triggers see them, which the
 * functions do only after they have the name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "definitions/lock.h"

/* A name is locked by its hash; this stands for all of them. */
#define ALL_DEFINITIONS		0

typedef struct SznRelationLock
{
	Oid			relid;
	bool		is_view;
	LOCKMODE	mode;
} SznRelationLock;

/* For a list of what szn_lock_definitions() is to lock. */
List *
szn_add_name(List *names, const char *schema, const char *name)
{
	SznName    *item = (SznName *) palloc(sizeof(SznName));

	item->schema = schema;
	item->name = name;
	return lappend(names, item);
}

static Oid
catalog_table(void)
{
	return get_relname_relid("session_definition", get_namespace_oid("sessionize", false));
}

static uint32
hash_name(const SznName *name)
{
	char	   *key = quote_qualified_identifier(name->schema, name->name);
	uint32		hash = hash_bytes((unsigned char *) key, strlen(key));

	return hash == ALL_DEFINITIONS ? 1 : hash;
}

/*
 * Relations to be locked
 */

static List *
add_relation(List *locks, Oid relid, LOCKMODE mode)
{
	SznRelationLock *lock;
	ListCell   *cell;

	if (!OidIsValid(relid))
		return locks;
	foreach(cell, locks)
	{
		lock = (SznRelationLock *) lfirst(cell);
		if (lock->relid == relid)
		{
			lock->mode = Max(lock->mode, mode);
			return locks;
		}
	}
	lock = (SznRelationLock *) palloc(sizeof(SznRelationLock));
	lock->relid = relid;
	lock->is_view = get_rel_relkind(relid) == RELKIND_VIEW;
	lock->mode = mode;
	return lappend(locks, lock);
}

static int
compare_relations(const ListCell *a, const ListCell *b)
{
	const SznRelationLock *one = (const SznRelationLock *) lfirst(a);
	const SznRelationLock *other = (const SznRelationLock *) lfirst(b);

	if (one->is_view != other->is_view)
		return one->is_view ? 1 : -1;
	return one->relid < other->relid ? -1 : one->relid > other->relid;
}

/*
 * What changing these definitions needs, as things are now.  The caller has
 * no business with views that belong to others.
 */
static List *
find_relations(List *names, Oid source)
{
	List	   *locks = add_relation(NIL, source, AccessShareLock);
	ListCell   *cell;

	foreach(cell, names)
	{
		const SznName *name = (const SznName *) lfirst(cell);
		SznCatalogRow *row = szn_find_definition(name->schema, name->name, true);
		SznDefinition definition = {0};

		definition.schema = pstrdup(name->schema);
		definition.name = pstrdup(name->name);
		if (row != NULL)
		{
			locks = add_relation(locks, szn_recorded_source(row), AccessShareLock);
			locks = add_relation(locks, szn_resolve_source(row), AccessShareLock);
		}
		for (int view = 0; view < SZN_NUM_VIEWS; view++)
		{
			Oid			relid = szn_view_oid(&definition, view);
			Oid			owner = OidIsValid(relid) ? szn_owner_of(relid) : InvalidOid;

			if (OidIsValid(owner) && has_privs_of_role(GetUserId(), owner) &&
				szn_is_own_view(relid, view, &definition))
				locks = add_relation(locks, relid, AccessExclusiveLock);
		}
	}
	list_sort(locks, compare_relations);
	return locks;
}

static bool
relations_are_locked(List *needed, List *locked)
{
	ListCell   *cell;
	ListCell   *other;

	foreach(cell, needed)
	{
		const SznRelationLock *need = (const SznRelationLock *) lfirst(cell);
		bool		found = false;

		foreach(other, locked)
		{
			const SznRelationLock *lock = (const SznRelationLock *) lfirst(other);

			found |= lock->relid == need->relid && lock->mode >= need->mode;
		}
		if (!found)
			return false;
	}
	return true;
}

/*
 * Names to be locked
 */

/* Lock the names that are free; returns how many, and the first that is not. */
static int
try_to_lock_names(List *names, uint32 *taken)
{
	Oid			table = catalog_table();
	int			num_locked = 0;
	ListCell   *cell;

	*taken = ALL_DEFINITIONS;
	if (!ConditionalLockDatabaseObject(table, ALL_DEFINITIONS, 0, RowExclusiveLock))
		return 0;
	foreach(cell, names)
	{
		*taken = hash_name((SznName *) lfirst(cell));
		if (!ConditionalLockDatabaseObject(table, *taken, 0, AccessExclusiveLock))
			break;
		num_locked++;
	}
	return num_locked + 1;
}

static void
unlock_names(List *names, int num_locked)
{
	Oid			table = catalog_table();

	for (int i = 0; i < num_locked - 1; i++)
		UnlockDatabaseObject(table, hash_name((SznName *) list_nth(names, i)), 0,
							 AccessExclusiveLock);
	if (num_locked > 0)
		UnlockDatabaseObject(table, ALL_DEFINITIONS, 0, RowExclusiveLock);
}

/* Wait until a name is free, without keeping it. */
static void
await_name(uint32 name)
{
	LOCKMODE	mode = name == ALL_DEFINITIONS ? RowExclusiveLock : AccessExclusiveLock;

	LockDatabaseObject(catalog_table(), name, 0, mode);
	UnlockDatabaseObject(catalog_table(), name, 0, mode);
}

/*
 * PostgreSQL's catalogs tell a transaction what is true now, its snapshot
 * what was true when it began.  Above READ COMMITTED the two differ when
 * somebody has changed a definition (all, if names is NIL) in between; views
 * built from the old rows would lose that change.
 */
static void
check_snapshot(List *names)
{
	static const char query[] =
		"SELECT pg_catalog.string_agg(t.version, ',' ORDER BY t.version)"
		" FROM (SELECT schema, name, pg_catalog.format('%s %s', xmin, ctid)"
		" FROM sessionize.session_definition UNION ALL"
		" SELECT schema, session, pg_catalog.format('%s %s', xmin, ctid)"
		" FROM sessionize.metric_definition) AS t(schema, name, version)"
		" WHERE $1 IS NULL OR (t.schema OPERATOR(pg_catalog.=) $1::pg_catalog.name"
		" AND t.name OPERATOR(pg_catalog.=) $2)";
	Oid			types[2] = {TEXTOID, TEXTOID};
	int			num_names = Max(list_length(names), 1);
	SPIPlanPtr	plan;

	if (!IsolationUsesXactSnapshot())
		return;
	plan = SPI_prepare(query, 2, types);
	if (plan == NULL)
		elog(ERROR, "could not read the catalog of definitions");
	for (int i = 0; i < num_names; i++)
	{
		Datum		values[2] = {0};
		char	   *versions[2];

		if (names != NIL)
		{
			values[0] = CStringGetTextDatum(((SznName *) list_nth(names, i))->schema);
			values[1] = CStringGetTextDatum(((SznName *) list_nth(names, i))->name);
		}
		for (int now = 0; now < 2; now++)
		{
			Snapshot	snapshot = now ? GetLatestSnapshot() : GetTransactionSnapshot();

			if (SPI_execute_snapshot(plan, values, names == NIL ? "nn" : "  ", snapshot,
									 InvalidSnapshot, false, false, 1) != SPI_OK_SELECT)
				elog(ERROR, "could not read the catalog of definitions");
			versions[now] = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		}
		if (strcmp(versions[0] ? versions[0] : "", versions[1] ? versions[1] : "") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to a concurrent change of a definition"),
					 errhint("The transaction might succeed if retried.")));
	}
}

/*
 * Until the transaction ends, nobody else changes these definitions, the
 * relations that they stand on, or their views.  They may not exist yet, and
 * may have gone by the time they are locked.  "source" is one more relation
 * to stand on.
 */
void
szn_lock_definitions(List *names, Oid source)
{
	/* a standby would refuse the locks, with an error that does not say why */
	PreventCommandIfReadOnly("a change of definitions");

	for (;;)
	{
		List	   *locked = find_relations(names, source);
		ListCell   *cell;
		int			num_names;
		uint32		taken;

		foreach(cell, locked)
		{
			const SznRelationLock *lock = (const SznRelationLock *) lfirst(cell);

			LockRelationOid(lock->relid, lock->mode);
		}
		num_names = try_to_lock_names(names, &taken);
		if (num_names == list_length(names) + 1 &&
			relations_are_locked(find_relations(names, source), locked))
			break;

		/* what was waited for has changed the scene, or is still to do so */
		unlock_names(names, num_names);
		foreach(cell, locked)
		{
			const SznRelationLock *lock = (const SznRelationLock *) lfirst(cell);

			UnlockRelationOid(lock->relid, lock->mode);
		}
		if (num_names < list_length(names) + 1)
			await_name(taken);
		CHECK_FOR_INTERRUPTS();
	}
	check_snapshot(names);
}

/* The same for plain DML, which may be about any definition. */
void
szn_lock_all_definitions(void)
{
	LockDatabaseObject(catalog_table(), ALL_DEFINITIONS, 0, ExclusiveLock);
	check_snapshot(NIL);
}
