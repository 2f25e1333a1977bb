package io.cleave.memory;

import java.util.List;

/**
 * What a clean-up did. Each block that was there is in exactly one of the lists, by name.
 *
 * @param cleaned what was removed; by a dry run, what would be
 * @param failed what should have been removed, and the system refused
 * @param skipped what stays: live, persistent and foreign blocks, locks whose holder was killed, and what somebody else removed first
 */
public record CleanupResult(List<String> cleaned, List<String> failed, List<String> skipped) {
    /**
     * Makes a result of copies of the lists.
     *
     * @param cleaned what was removed
     * @param failed what the system refused to remove
     * @param skipped what stays
     */
    public CleanupResult {
        cleaned = List.copyOf(cleaned);
        failed = List.copyOf(failed);
        skipped = List.copyOf(skipped);
    }
}
