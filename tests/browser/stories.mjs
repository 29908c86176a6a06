// What people do, without scripts where the promise says so.
export async function stories() {}
