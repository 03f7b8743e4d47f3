#define _GNU_SOURCE
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "act_signals.h"

struct act_registry act_mappings, act_temporaries;

/// An entry that nobody uses, taken; a new one where there is none.
static struct act_entry *take(struct act_registry *registry) {
  for (struct act_entry *entry = atomic_load(&registry->first); entry; entry = entry->next) {
    bool expected = false;
    if (atomic_compare_exchange_strong(&entry->taken, &expected, true)) return entry;
  }
  struct act_entry *entry = calloc(1, sizeof *entry);
  if (!entry) return NULL;
  atomic_store(&entry->taken, true);
  entry->next = atomic_load(&registry->first);
  while (!atomic_compare_exchange_weak(&registry->first, &entry->next, entry)) {
  }
  return entry;
}

struct act_entry *act_registry_add(struct act_registry *registry, uintptr_t start, size_t count,
                                   const char *text) {
  struct act_entry *entry = take(registry);
  if (!entry) return NULL;
  entry->start = start;
  entry->count = count;
  strncpy(entry->text, text, sizeof entry->text - 1);
  entry->text[sizeof entry->text - 1] = 0;
  atomic_store(&entry->shown, true);
  return entry;
}

void act_registry_remove(struct act_entry *entry) {
  if (!entry) return;
  atomic_store(&entry->shown, false);
  atomic_store(&entry->taken, false);
}

void *act_mapping_add(const void *start, size_t count, const char *name) {
  return act_registry_add(&act_mappings, (uintptr_t)start, count, name);
}

void act_mapping_remove(void *mapping) { act_registry_remove(mapping); }

void *act_temporary_add(const char *path) {
  // A path that would be cut is another file's.
  if (strlen(path) >= PATH_MAX) return NULL;
  return act_registry_add(&act_temporaries, 0, 0, path);
}

void act_temporary_forget(void *temporary) { act_registry_remove(temporary); }
