// Server process: starts `composer serve` where it is installed and nobody serves.
#pragma once

#include <cstdint>

#include <string>
#include <vector>

namespace composer {

/** The command that starts composer, a word to an element; empty where there is to be none.
 *
 * The environment variable COMPOSER_COMMAND says it (empty: do not start one), else the file
 * `server-command` in composer's state folder, a word to a line, which `composer
 * install-clients` writes; else it is `composer`.
 */
std::vector<std::string> server_command();

/** Start a server, independent of this program, that ends when nobody has used it for long.
 *
 * @param command From `server_command`.
 * @param port On which it is to listen.
 * @returns Whether it could be started; not whether it is ready.
 */
bool start_server(const std::vector<std::string>& command, std::uint16_t port);

}  // namespace composer
