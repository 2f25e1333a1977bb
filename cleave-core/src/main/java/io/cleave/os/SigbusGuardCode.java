package io.cleave.os;

/**
 * The machine code of {@link SigbusGuard}, for x86-64: {@code src/main/native/sigbusguard.c} as {@code scripts/machine-code}
 * has made it. It has no relocations, so it runs wherever it lies, and is mapped for reading and running only.
 */
final class SigbusGuardCode {
    /** The version of gcc that made it. */
    static final String COMPILER = "12.2.0";
    /** Where the signal's handler begins. */
    static final int SIGBUS = 542;
    /** Where its state lies, behind the code. */
    static final int STATE = 8192;
    /** The code. */
    static final String BASE64 = """
            SIn+QboIAAAARTHARTHJuA4AAABIg8//MdIPBUiD+PIPlcAPtsDDSIs16h8AADHSSDnyfTFIidBIweAFSAMFzR8AAEiLSAhMjUAI
            SDnPcgVI/8Lr20yLCEw5z3LzTYsASTnIdevDMcDDD7YHjYg8////g/kBdjM8YnQvjYgO////ugEAAACD+QF2JIPoQIP4Dw+WwDHS
            D7bAD7YEBy2IAAAAg/gDD5bC6wW6AQAAAInQw0iJioAAAABIifIxyUiJ/r8HAAAA/yU8HwAAVVNIifvoKv///4XAdBFIjXsI6B3/
            //+FwA+VwA+2wEiNqwABAABIOetzM6gBdC9Iid/oZv///4XAdSVIjXsQuAEAAAD3x/8PAAB1Dejj/v//hcAPlcAPtsBI/8PryDHb
            SInYW13DQVdBvwAAABBBVkFVSYnNQVRJifRVSInVU0iD7BhIi1p4SIl8JAhMjbMAAgAASInf6Jn+//+FwHRASIs7TIn4TCnoSAH4
            SD3///8fdgtIg8MITDnzddfrIeg9////SInBSIXAdOhIi3wkCEiJ6kyJ5ugL////hcB01EiDxBhbXUFcQV1BXkFfw1VIif1IifdB
            ujJAAABTuwkAAABIi1UQSYPI/0iB5wDw//9FMcm+ABAAAEiJ2A8FugEAAABIOcd0JkiLdQhIi1UQSInYSIHG/w8AAEgp/kiB5gDw
            //8PBTHSSDnHD5TCidBbXcNBV0FWQVVBVFVIifVTSInTSIPsGEiLRhCDfggCiXwkDEiJBCQPhZcAAABIizwk6Nb9//9JicRIhcAP
            hIIAAABIx0AYAQAAAEiLBbQdAADwSP8ATIurqAAAAEyJ7+hN/v//TI17KEmJxkiFwHQsSInBTIn6SIneSInv6Bb+//+FwHQXTTn1
            dSNIi4OoAAAATCnoSIP4D3YT60ZMielMifpIid5Iie/oav7//0yJq6gAAABIizQkTInn6N/+//+FwHUei3wkDEiDxBhIidpIie5b
            XUFcQV1BXkFf/yUDHQAASIPEGFtdQVxBXUFeQV/D
            """;

    private SigbusGuardCode() {
    }
}
