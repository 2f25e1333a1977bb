package io.cleave.objects;

/**
 * What the bytes of a value begin with, where its class is not known otherwise. Numbers are little-endian; a "count" is a
 * number in groups of 7 bits, the lowest first, of which all but the last have the highest bit set.
 *
 * <pre>
 * null                 nothing else
 * DECLARED             the value, of the class that the record's component has
 * numbers, times       their fields, each of fixed size
 * TEXT                 count of chars * 2 + form, chars: 1 byte each (form 0), or 2 (form 1)
 * BIG_INTEGER          count, two's complement, the highest byte first
 * BIG_DECIMAL          scale, unscaled value as BIG_INTEGER
 * arrays               count, zeroes up to a multiple of the element's size, elements
 * TENSOR               element type, count of dimensions, extents (counts), zeroes up to a multiple of 8, elements
 * ENUM                 class (TEXT), constant (TEXT); where the class is declared: ordinal (2 bytes)
 * RECORD               class (TEXT), fingerprint of its schema (8 bytes), components; where it is declared: components
 * OPTIONAL             a value or null
 * LIST, SET            count, values
 * MAP                  count, keys and values in turn
 * CODEC                count, that many values that travel beside, count, the codec's bytes
 * </pre>
 */
final class ValueTags {
    static final int NULL = 0;
    static final int DECLARED = 1;
    static final int BOOLEAN = 2;
    static final int BYTE = 3;
    static final int SHORT = 4;
    static final int CHARACTER = 5;
    static final int INTEGER = 6;
    static final int LONG = 7;
    static final int FLOAT = 8;
    static final int DOUBLE = 9;
    static final int TEXT = 10;
    static final int BIG_INTEGER = 11;
    static final int BIG_DECIMAL = 12;
    static final int UUID = 13;
    static final int ENUM = 14;
    static final int RECORD = 15;
    static final int OPTIONAL = 16;
    static final int LIST = 17;
    static final int SET = 18;
    static final int MAP = 19;
    static final int TENSOR = 20;
    static final int CODEC = 21;

    static final int BOOLEANS = 24;
    static final int BYTES = 25;
    static final int SHORTS = 26;
    static final int CHARACTERS = 27;
    static final int INTEGERS = 28;
    static final int LONGS = 29;
    static final int FLOATS = 30;
    static final int DOUBLES = 31;
    static final int TEXTS = 32;

    static final int INSTANT = 40;
    static final int DURATION = 41;
    static final int PERIOD = 42;
    static final int LOCAL_DATE = 43;
    static final int LOCAL_TIME = 44;
    static final int LOCAL_DATE_TIME = 45;
    static final int OFFSET_TIME = 46;
    static final int OFFSET_DATE_TIME = 47;
    static final int ZONED_DATE_TIME = 48;
    static final int ZONE_OFFSET = 49;
    static final int ZONE_REGION = 50;
    static final int YEAR = 51;
    static final int YEAR_MONTH = 52;
    static final int MONTH_DAY = 53;
    static final int END = 64;

    private ValueTags() {
    }
}
