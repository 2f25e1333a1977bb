package io.cleave.objects;

import java.lang.reflect.Method;

/**
 * A method of an interface, and what it does to which field.
 *
 * @param method the method
 * @param verb what it does
 * @param field the number of the field
 */
record LiveAccessor(Method method, Verb verb, int field) {
    /** What a method can do to a field. */
    enum Verb {
        GET(""), SET(""), COMPARE_AND_SET("compareAndSet"), GET_AND_SET("getAndSet"), GET_AND_ADD(
                "getAndAdd"), ADD_AND_GET("addAndGet"), GET_AND_INCREMENT("getAndIncrement"), INCREMENT_AND_GET(
                        "incrementAndGet"), GET_AND_DECREMENT("getAndDecrement"), DECREMENT_AND_GET("decrementAndGet");

        private final String prefix;

        Verb(String prefix) {
            this.prefix = prefix;
        }

        /** What comes before the name of the field; empty where that is not all it takes. */
        String prefix() {
            return prefix;
        }

        /** Whether it does something at once, as opposed to reading or writing. */
        boolean isAtomic() {
            return !prefix.isEmpty();
        }

        /** Whether it adds, and so is for whole numbers only. */
        boolean isAdding() {
            return !prefix.isEmpty() && this != COMPARE_AND_SET && this != GET_AND_SET;
        }

        /** Whether it returns what was there before. */
        boolean returnsOld() {
            return prefix.startsWith("getAnd");
        }

        /** How many parameters of the field's type it has. */
        int parameters() {
            return switch (this) {
                case GET, GET_AND_INCREMENT, INCREMENT_AND_GET, GET_AND_DECREMENT, DECREMENT_AND_GET -> 0;
                case SET, GET_AND_SET, GET_AND_ADD, ADD_AND_GET -> 1;
                case COMPARE_AND_SET -> 2;
            };
        }

        /** What it returns for a field of a type. */
        Class<?> returns(Class<?> type) {
            return this == SET ? void.class : this == COMPARE_AND_SET ? boolean.class : type;
        }
    }
}
